"""Leads are taken back from who should not have them: after a departure by itself, by a manager's command, and after
all accounts were asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.deadline_runner import DeadlineRunner
from chassis.errors import FailedPrecondition, NotFound
from chassis.kernel.calendar import instant, local_date
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import guard_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.guard_service_pb2_grpc import GuardServiceStub
from leads import tables
from leads.assignment.drain_waiting import drain_waiting
from leads.recall.rules import Departure, departed_at

from .company import UNIT, Company, stamp

AS_OF = datetime(2026, 3, 10, 2, tzinfo=UTC)


def guard(company: Company, as_: object = None) -> GuardServiceStub:
    return GuardServiceStub(company.rpc(company.service, as_=as_ or as_manager("M1", UNIT)))


def recall(company: Company, employee_id: str, since: datetime, as_: object = None) -> pb.RecallLeadsResponse:
    request = pb.RecallLeadsRequest(
        request_id=new_id(), employee_id=employee_id, since=stamp(since), reason="账号已停用"
    )
    return guard(company, as_).RecallLeads(request)


def report(company: Company, recall_id: str) -> pb.GetRecallResponse:
    return guard(company).GetRecall(pb.GetRecallRequest(recall_id=recall_id))


def capture(company: Company, count: int, first: int = 0) -> list[lead_pb2.Lead]:
    return [company.capture_a(f"第{n}公司", phone=f"1380000{n:04d}") for n in range(first, first + count)]


def fire_clocks(company: Company) -> int:
    return DeadlineRunner(company.service.uow, company.service.deadlines).turn()


def load_of(company: Company, employee_id: str) -> int:
    with company.service.runtime.database.connect() as conn:
        return int(conn.scalar(select(tables.rep.c.open_a).where(tables.rep.c.employee_id == employee_id)) or 0)


@pytest.mark.spec("LD4.3", "LD4.6")
def test_what_was_assigned_between_the_departure_and_its_event_is_taken_back_and_given_to_others(
    company: Company,
) -> None:
    company.hire("E1")
    before = capture(company, 2)
    company.clock.advance(timedelta(minutes=1))
    left_at = company.clock.now()
    company.clock.advance(timedelta(minutes=3))
    gap = capture(company, 3, first=2)
    assert {each.owner_id for each in before + gap} == {"E1"}

    company.hire("E2")
    company.directory.status["E1"] = "departed"
    deliver(
        company.service,
        company.employee(
            "E1", version=2, status="departed", left_on=str(local_date(left_at)), status_since=stamp(left_at)
        ),
    )
    assert fire_clocks(company) == 2, "the recall, then the draft of the handover"
    assert [company.get(each.lead_id).state for each in gap] == [lead_pb2.LEAD_STATE_NEW] * 3
    assert load_of(company, "E1") == 2
    assert drain_waiting(company.app.assigner) == 3
    assert {company.get(each.lead_id).owner_id for each in gap} == {"E2"}
    assert {company.get(each.lead_id).owner_id for each in before} == {"E1"}, "for the handover, not for the recall"

    (told,) = company.events("leads.leads_recalled")
    assert (told.message.released, told.message.automatic, told.message.manager_id) == (3, True, "M1")
    recalled = {each.message.lead_id for each in company.events("leads.recalled")}
    assert recalled == {each.lead_id for each in gap}
    found = report(company, told.message.recall_id)
    assert (found.recall.leads, found.recall.reassigned, found.recall.automatic) == (3, 3, True)
    assert "recalled" in company.timeline(gap[0].lead_id)


@pytest.mark.spec("LD4.3")
def test_the_clocks_of_a_lead_that_was_taken_back_have_stopped_and_run_anew_for_the_next_owner(
    company: Company,
) -> None:
    company.hire("E1")
    (lead,) = capture(company, 1)
    company.clock.advance(timedelta(minutes=29))
    recall(company, "E1", company.clock.now() - timedelta(hours=1))
    assert company.next_due() is None
    company.pass_time(company.clock.now() + timedelta(minutes=2))
    assert [each.message.step for each in company.events("leads.response_overdue")] == []
    company.hire("E2")
    drain_waiting(company.app.assigner)
    company.pass_time(company.clock.now() + timedelta(minutes=31))
    (reminded,) = company.events("leads.response_overdue")
    assert (reminded.message.step, reminded.message.owner_id, reminded.message.lead_id) == (
        "remind", "E2", lead.lead_id,
    )  # fmt: skip


@pytest.mark.spec("LD4.3")
def test_a_departure_told_twice_or_too_late_takes_nothing_back_again(company: Company) -> None:
    company.hire("E1")
    capture(company, 2)
    gone = company.employee("E1", version=2, status="departed", left_on=str(local_date(company.clock.now())))
    deliver(company.service, gone, times=2)
    while fire_clocks(company):
        pass
    assert len(company.events("leads.leads_recalled")) == 1
    company.hire("E1", version=4)
    drain_waiting(company.app.assigner)
    later = capture(company, 1, first=2)
    deliver(company.service, company.employee("E1", version=3, status="departed"))
    assert fire_clocks(company) == 0
    assert company.get(later[0].lead_id).owner_id == "E1"
    gone = company.employee("E1", version=6, status="departed", left_on=str(local_date(company.clock.now())))
    deliver(company.service, gone)
    assert fire_clocks(company) == 2, "and the draft of a handover"
    deliver(company.service, company.employee("E1", version=5, status="departed", left_on="2026-01-05"))
    assert fire_clocks(company) == 0, "an older departure, told late"


@pytest.mark.spec("LD4.6")
def test_a_recall_twice_is_the_same_recall_with_the_same_report(company: Company) -> None:
    company.hire("E1")
    since = company.clock.now()
    company.clock.advance(timedelta(minutes=1))
    capture(company, 4)
    first = recall(company, "E1", since)
    assert (first.released, first.recall.leads, first.recall.reassigned) == (4, 4, 0)
    company.hire("E2")
    drain_waiting(company.app.assigner)
    once = report(company, first.recall.recall_id)
    again = recall(company, "E1", since)
    assert (again.released, again.recall.recall_id) == (0, first.recall.recall_id)
    assert report(company, again.recall.recall_id) == once
    assert [each.owner_id for each in once.leads] == ["E2"] * 4
    assert (once.recall.leads, once.recall.reassigned) == (4, 4)
    assert load_of(company, "E1") == 0
    disqualify = lead_pb.DisqualifyLeadRequest(request_id=new_id(), lead_id=once.leads[0].lead_id, reason="空号")
    company.leads(as_rep("E2", unit=UNIT)).DisqualifyLead(disqualify)
    assert report(company, first.recall.recall_id).recall.reassigned == 3


@pytest.mark.spec("LD4.6", "LD3.10")
def test_the_same_rep_never_gets_a_lead_back_that_was_taken_from_him(company: Company) -> None:
    """Also when the directory goes on saying that the account is active."""
    company.hire("E1")
    leads = capture(company, 2)
    recall(company, "E1", company.clock.now() - timedelta(hours=1))
    assert drain_waiting(company.app.assigner) == 0
    told = company.explain(leads[0].lead_id, why_not="E1")
    assert told.why_not_summary == "员工E1 had the lead before and can't get it again automatically."
    company.hire("E2")
    assert drain_waiting(company.app.assigner) == 2
    (fresh,) = capture(company, 1, first=2)
    assert fresh.owner_id == "E1", "new leads are another matter"


@pytest.mark.spec("LD4.6", "P1.4")
def test_a_manager_recalls_in_the_own_team_only(company: Company) -> None:
    company.hire("E9", unit="/HQ/WEST/CD1/")
    with pytest.raises(NotFound) as refused:
        recall(company, "E9", company.clock.now())
    assert refused.value.reason == "EMPLOYEE_NOT_FOUND"
    made = recall(company, "E9", company.clock.now(), as_manager("M9", "/HQ/WEST/CD1/"))
    with pytest.raises(NotFound):
        report(company, made.recall.recall_id)


@pytest.mark.spec("LD4.6", "LD1.7")
def test_leads_that_are_closed_already_stay_where_they_are(company: Company) -> None:
    company.hire("E1")
    lead, other = capture(company, 2)
    from closeloop.leads.v1 import lead_service_pb2 as lead_service

    company.leads(as_rep("E1", UNIT)).DisqualifyLead(
        lead_service.DisqualifyLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="无预算")
    )
    assert recall(company, "E1", company.clock.now() - timedelta(hours=1)).released == 1
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_DISQUALIFIED
    assert company.get(other.lead_id).state == lead_pb2.LEAD_STATE_NEW


@pytest.mark.spec("LD4.6", "LD4.4")
def test_a_refresh_asks_about_everybody_and_brings_the_roster_in_step(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    capture(company, 4)
    company.directory.status |= {"E1": "departed", "E2": "frozen", "E3": "on_leave"}
    company.directory.as_of["E4"] = company.clock.now() - timedelta(minutes=16)
    done = guard(company, as_hq()).RefreshAccounts(pb.RefreshAccountsRequest(request_id=new_id()))
    assert (done.checked, done.verified, done.on_leave, done.inactive, done.unverified) == (5, 1, 1, 2, 1)
    assert [(each.employee_id, each.before, each.after) for each in done.changed] == [
        ("E1", "active", "departed"),
        ("E2", "active", "frozen"),
        ("E3", "active", "on_leave"),
    ]
    assert fire_clocks(company) == 2, "and the draft of a handover, which finds nothing left"
    assert [each.message.employee_id for each in company.events("leads.leads_recalled")] == ["E1"]
    deliver(company.service, company.employee("E2", version=2))
    again = guard(company, as_hq()).RefreshAccounts(pb.RefreshAccountsRequest(request_id=new_id()))
    assert [(each.employee_id, each.after) for each in again.changed] == [("E2", "frozen")]


@pytest.mark.spec("LD4.6", "LD4.2")
def test_a_refresh_while_the_directory_is_away_changes_nobody(company: Company) -> None:
    company.hire("E1")
    company.directory.away = True
    done = guard(company, as_hq()).RefreshAccounts(pb.RefreshAccountsRequest(request_id=new_id()))
    assert (done.checked, done.unverified, len(done.changed)) == (2, 2, 0)


@pytest.mark.spec("LD4.3")
@given(offset=st.integers(-40 * 24 * 60, 40 * 24 * 60))
def test_a_departure_lies_within_the_last_day_or_at_its_end(offset: int) -> None:
    last_day = date(2026, 3, 9)
    said = instant(last_day) + timedelta(minutes=offset)
    found = departed_at(Departure("E1", 2, last_day, said, AS_OF))
    assert instant(last_day) <= found <= instant(last_day + timedelta(days=1))
    if instant(last_day) <= said <= instant(last_day + timedelta(days=1)):
        assert found == said


@pytest.mark.spec("LD4.3")
def test_without_an_instant_the_whole_last_day_counts() -> None:
    assert departed_at(Departure("E1", 2, date(2026, 3, 9), None, AS_OF)) == instant(date(2026, 3, 9))
    assert departed_at(Departure("E1", 2, None, None, AS_OF)) == instant(date(2026, 3, 10))
    assert departed_at(Departure("E1", 2, None, AS_OF, AS_OF)) == AS_OF


@pytest.mark.spec("LD4.5", "LD3.14")
def test_a_paused_rep_gets_nothing_by_hand_either(company: Company) -> None:
    company.hire("E1")
    company.directory.away = True
    (lead,) = capture(company, 1)
    company.directory.away = False
    with company.service.uow.begin(company.app.assigner.identity) as tx:
        tx.execute(tables.rep.update().where(tables.rep.c.employee_id == "E1").values(paused_at=tx.now))
        tx.commit()
    from closeloop.leads.v1 import assignment_service_pb2 as assignment

    with pytest.raises(FailedPrecondition) as refused:
        company.assignment(as_manager("M1", UNIT)).AssignLead(
            assignment.AssignLeadRequest(request_id=new_id(), lead_id=lead.lead_id, employee_id="E1", reason="近")
        )
    assert refused.value.reason == "REP_IS_PAUSED"
