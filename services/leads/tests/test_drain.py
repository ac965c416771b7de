from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from leads import tables
from leads.assignment.drain_waiting import drain_waiting

from .company import Company


@pytest.mark.spec("LD3.8")
def test_passes_at_once_do_not_overtake_each_other(company: Company) -> None:
    """Of two replicas: leads still go A, B, C, then by time."""
    company.hire(*(f"E{n}" for n in range(1, 6)))
    company.directory.away = True
    c_leads = [company.capture(f"丙{n}公司").lead.lead_id for n in range(12)]
    a_leads = [company.capture_a(f"甲{n}公司", phone=f"138000000{n:02d}").lead_id for n in range(12)]
    company.directory.away = False
    with ThreadPoolExecutor(3) as passes:
        assigned = list(passes.map(lambda _: drain_waiting(company.app.assigner), range(3)))
    assert sum(assigned) == 24
    with company.app.assigner.uow.read(company.app.assigner.identity) as tx:
        t = tables.assignment.c
        order = list(tx.execute(select(t.lead_id).order_by(t.assignment_id)).scalars())
    assert order == [*a_leads, *c_leads]


@pytest.mark.spec("LD3.8", "LD4.2")
def test_the_reason_to_wait_stays_true_for_each_that_waits(company: Company) -> None:
    """Held while nobody could be verified; when everybody is full by then, they are queued."""
    company.hire("E1")
    company.profile("E1", baseline=1)
    company.directory.away = True
    leads = [company.capture_a(f"甲{n}公司", phone=f"138000000{n:02d}").lead_id for n in range(4)]
    company.directory.away = False
    assert drain_waiting(company.app.assigner) == 1
    assert [company.get(each).reason for each in leads[1:]] == ["Everybody is full or off shift."] * 3
