from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from chassis.identity import of_service
from leads import tables
from leads.assignment.drain_waiting import drain_waiting
from leads.capture.capture_lead import capture_lead
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Arrival
from leads.grading.policy import GradingPolicy

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


@pytest.mark.spec("LD3.8", "LD3.12")
def test_a_lead_that_just_came_in_is_its_own_call_s_to_assign_and_the_queue_s_when_that_was_lost(
    company: Company,
) -> None:
    company.hire("E1")
    company.directory.away = True
    held = company.capture_a("甲公司", phone="13800000001").lead_id
    company.directory.away = False
    with company.service.uow.begin(of_service("leads")) as tx:
        lost = capture_lead(tx, Arrival("乙公司", "website"), CapturePolicy(), GradingPolicy()).lead_id
        tx.commit()
    moment = timedelta(seconds=2)
    company.clock.advance(moment - timedelta(milliseconds=1))
    assert drain_waiting(company.app.assigner, moment) == 1
    assert (company.get(held).owner_id, company.get(lost).owner_id) == ("E1", "")
    company.clock.advance(timedelta(milliseconds=1))
    assert drain_waiting(company.app.assigner, moment) == 1
    assert company.get(lost).owner_id == "E1"


@pytest.mark.spec("LD3.8", "LD1.1")
def test_a_lead_that_no_call_brought_is_the_queue_s_at_once(company: Company) -> None:
    company.hire("E1")
    with company.service.uow.begin(of_service("leads")) as tx:
        told = capture_lead(tx, Arrival("丙公司", "tender"), CapturePolicy(), GradingPolicy()).lead_id
        tx.commit()
    assert drain_waiting(company.app.assigner, timedelta(seconds=2), ("tender",)) == 1
    assert company.get(told).owner_id == "E1"
