"""The concentration guard counts assignments and never looks at load."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from chassis.errors import NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import guard_service_pb2 as pb
from closeloop.leads.v1.guard_service_pb2_grpc import GuardServiceStub
from leads import tables
from leads.assignment.concentration_rules import Given, is_concentrated, limit, may_be_concentrated
from leads.assignment.drain_waiting import drain_waiting
from leads.assignment.policy import AssignmentPolicy

from .company import UNIT, Company

POLICY = AssignmentPolicy()
COLLEAGUES = tuple(f"E{n:02d}" for n in range(2, 22))


def guard(company: Company, as_: object = None) -> GuardServiceStub:
    return GuardServiceStub(company.rpc(company.service, as_=as_ or as_manager("M1", UNIT)))


def pauses(company: Company, as_: object = None, *, open_only: bool = True) -> list[pb.Pause]:
    return list(guard(company, as_).ListPauses(pb.ListPausesRequest(open_only=open_only)).pauses)


def owners(company: Company) -> Counter[str]:
    with company.service.runtime.database.connect() as conn:
        return Counter(conn.execute(select(tables.assignment.c.employee_id)).scalars())


def capture(company: Company, count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        company.capture(f"第{n}公司", phone=f"1380000{n:04d}", city="杭州", province="浙江")


@pytest.fixture
def magnet(company: Company) -> Company:
    """E01 looks best for every lead and never fills up; twenty colleagues are far away."""
    company.hire("E01", *COLLEAGUES)
    company.profile("E01", city="杭州", province="浙江", baseline=1000)
    for each in COLLEAGUES:
        company.profile(each, city="广州", province="广东")
    return company


@pytest.mark.spec("LD4.5")
def test_a_rep_who_draws_every_lead_is_stopped_before_the_20th_and_others_go_on(magnet: Company) -> None:
    capture(magnet, 30)
    assert owners(magnet)["E01"] == 19
    assert sum(owners(magnet).values()) == 30
    (pause,) = pauses(magnet)
    assert (pause.employee_id, pause.to_rep, pause.to_team, pause.share, pause.limit) == ("E01", 20, 20, 1.0, 0.3)
    (alert,) = magnet.events("leads.rep_paused")
    assert (alert.message.manager_id, alert.message.to_rep, alert.message.window_minutes) == ("M1", 20, 60)


@pytest.mark.spec("LD4.5", "LD3.10")
def test_the_explanation_names_the_pause(magnet: Company) -> None:
    capture(magnet, 20)
    lead = magnet.capture("末公司", city="杭州").lead
    assert (
        magnet.explain(lead.lead_id, "E01").why_not_summary
        == "员工E01 was paused: too large a share of the team's leads."
    )


@pytest.mark.spec("LD4.5")
def test_load_plays_no_part_and_leads_that_were_closed_count_too(magnet: Company) -> None:
    """The load of the rep is set back to nothing after each lead, as if it were stuck at 0."""
    for n in range(25):
        capture(magnet, 1, first=n)
        with magnet.service.runtime.database.engine.begin() as conn:
            conn.execute(text("UPDATE rep SET open_a = 0, open_b = 0, open_c = 0 WHERE employee_id = 'E01'"))
            conn.execute(text("UPDATE assignment SET ended_at = assigned_at, end_kind = 'disqualified'"))
    assert owners(magnet)["E01"] == 19


@pytest.mark.spec("LD4.5")
def test_what_is_older_than_an_hour_does_not_count(magnet: Company) -> None:
    capture(magnet, 15)
    magnet.clock.advance(timedelta(minutes=61))
    capture(magnet, 19, first=15)
    assert owners(magnet)["E01"] == 34
    assert pauses(magnet) == []
    capture(magnet, 1, first=34)
    assert owners(magnet)["E01"] == 34


@pytest.mark.spec("LD4.5")
def test_a_manager_clears_the_pause_and_counting_starts_anew(magnet: Company) -> None:
    capture(magnet, 20)
    (pause,) = pauses(magnet)
    request = pb.ClearPauseRequest(request_id=new_id(), pause_id=pause.pause_id, reason="展会专员，属正常")
    with pytest.raises(PermissionDenied):
        guard(magnet, as_rep("E01", UNIT)).ClearPause(request)
    with pytest.raises(NotFound):
        guard(magnet, as_manager("M9", "/HQ/WEST/CD1/")).ClearPause(request)
    cleared = guard(magnet).ClearPause(request).pause
    assert (cleared.cleared_by, cleared.clear_reason) == ("M1", "展会专员，属正常")
    assert pauses(magnet) == []
    assert [each.pause_id for each in pauses(magnet, open_only=False)] == [pause.pause_id]
    again = guard(magnet).ClearPause(pb.ClearPauseRequest(request_id=new_id(), pause_id=pause.pause_id, reason="再次"))
    assert again.pause.clear_reason == "展会专员，属正常"
    magnet.clock.advance(timedelta(minutes=1))
    capture(magnet, 25, first=20)
    assert owners(magnet)["E01"] == 38, "19 more, and then again"
    assert len(pauses(magnet)) == 1


@pytest.mark.spec("LD4.5", "P7.1")
def test_many_at_once_get_no_further_than_the_19th(magnet: Company) -> None:
    magnet.directory.away = True
    capture(magnet, 40)
    magnet.directory.away = False
    leads = [row.lead_id for row in rows(magnet)]
    from leads.assignment.assign_leads import assign_lead

    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda lead_id: assign_lead(magnet.app.assigner, lead_id), leads))
    drain_waiting(magnet.app.assigner)
    assert owners(magnet)["E01"] <= 19
    assert sum(owners(magnet).values()) == 40
    assert len(pauses(magnet)) == 1


@pytest.mark.spec("LD4.5", "LD1.3")
def test_the_owner_of_a_customer_is_paused_too(magnet: Company) -> None:
    from closeloop.leads.v1 import customer_service_pb2 as customers

    rows_ = [
        customers.CustomerRow(
            customer_code=f"C{n}", name=f"杭州第{n}医院", owner_id="E02", city="杭州", phone=f"1390000{n:04d}"
        )
        for n in range(25)
    ]
    magnet.customers().ImportCustomers(customers.ImportCustomersRequest(request_id=new_id(), customers=rows_))
    for n in range(25):
        magnet.capture(f"杭州第{n}医院", city="杭州", phone=f"1390000{n:04d}")
    assert owners(magnet)["E02"] == 19
    assert [each.employee_id for each in pauses(magnet)] == ["E02"]
    assert sum(owners(magnet).values()) == 25


@pytest.mark.spec("LD4.5")
def test_fair_shares_of_a_busy_team_pause_nobody(company: Company) -> None:
    company.hire(*COLLEAGUES)
    capture(company, 60)
    assert pauses(company, as_hq(), open_only=False) == []
    assert max(owners(company).values()) <= 4


def rows(company: Company) -> list[object]:
    with company.service.runtime.database.connect() as conn:
        return list(conn.execute(select(tables.lead.c.lead_id).order_by(tables.lead.c.captured_at)).all())


@pytest.mark.spec("LD4.5")
@pytest.mark.parametrize(
    ("eligible", "most"), [(0, 0.9), (1, 0.9), (2, 0.9), (3, 2 / 3), (5, 0.4), (7, 0.3), (19, 0.3)]
)
def test_the_limit_follows_the_number_of_reps(eligible: int, most: float) -> None:
    assert limit(eligible, POLICY) == pytest.approx(most)


@pytest.mark.spec("LD4.5")
@given(to_team=st.integers(1, 300), part=st.floats(0, 1), eligible=st.integers(0, 60))
def test_the_guard_is_the_formula(to_team: int, part: float, eligible: int) -> None:
    given_ = Given(to_rep=max(1, round(part * to_team)), to_team=to_team)
    wanted = to_team >= 20 and given_.to_rep / to_team > min(0.9, max(0.30, 2 / max(eligible, 1))) + 1e-9
    assert is_concentrated(given_, eligible, POLICY) is wanted
    assert not wanted or may_be_concentrated(given_, POLICY)
