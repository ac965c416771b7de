"""A lead's clocks on the real database, with time moved through every due instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from chassis.deadline_runner import DeadlineRunner
from chassis.kernel.ids import new_id
from chassis.schema import deadline
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager
from closeloop.activity.v1.events_pb2 import CallRecorded, ConversationArchived, FollowUpRecorded
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from leads.assignment.drain_waiting import drain_waiting
from leads.policies import RECYCLE, RESPONSE
from leads.response_clock.recount_clocks import recount_clocks

from .company import Company, stamp
from .waiting import publish

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def steps(company: Company) -> list[tuple[str, datetime]]:
    overdue = company.events("leads.response_overdue")
    return [(each.message.step, each.message.due_at.ToDatetime(UTC)) for each in overdue]


def call(
    company: Company, lead: lead_pb2.Lead, *, connected: bool, by: str = "", times: int = 1, call_id: str = ""
) -> None:
    event = CallRecorded(
        call_id=call_id or new_id(),
        lead_id=lead.lead_id,
        rep_id=by or lead.owner_id,
        direction="outbound",
        connected=connected,
        started_at=stamp(company.clock.now()),
    )
    deliver(company.service, event, times=times)


def follow_up(company: Company, lead: lead_pb2.Lead, channel: str, direction: str = "outbound") -> None:
    event = FollowUpRecorded(
        follow_up_id=new_id(),
        lead_id=lead.lead_id,
        author_id=lead.owner_id,
        channel=channel,
        direction=direction,
        outcome="delivered",
        occurred_at=stamp(company.clock.now()),
    )
    deliver(company.service, event)


@pytest.mark.spec("LD5.1", "LD5.3", "LD6.1")
def test_a_lead_left_alone_is_reminded_popped_up_mailed_warned_and_recycled(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    start = company.clock.now()
    company.pass_time(start + timedelta(hours=30))
    assert steps(company) == [
        ("remind", start + 30 * MINUTE),
        ("popup", start + 2 * HOUR),
        ("email", start + 4 * HOUR),
        ("recycle_warning", start + 20 * HOUR),
    ]
    first = company.events("leads.response_overdue")[0].message
    assert (first.owner_id, first.manager_id, first.unit, first.grade) == ("E1", "M1", "/HQ/EAST/HZ1/", "A")
    recycled = company.events("leads.recycled")[0].message
    assert (recycled.previous_owner_id, recycled.bounces) == ("E1", 1)
    now = company.get(lead.lead_id)
    assert (now.state, now.owner_id, now.yellow, now.bounces) == (lead_pb2.LEAD_STATE_RECYCLED, "", True, 1)
    assert "24 h" in now.reason
    assert company.next_due() is None
    assert company.timeline(lead.lead_id)[-5:] == ["reminded", "overdue", "overdue", "recycle_warning", "recycled"]
    assert company.assignment().ListRepLoads(assignment_pb.ListRepLoadsRequest()).reps[0].weighted == 0


@pytest.mark.spec("LD5.1", "LD6.1")
def test_leads_whose_clocks_run_out_together_are_each_told_of_once_and_free_their_reps(company: Company) -> None:
    company.hire("E1", "E2")
    leads = [company.capture_a(f"甲{each}公司", phone=f"1380000000{each}") for each in range(3)]
    leads += [company.capture(f"乙{each}公司", phone=f"1390000000{each}").lead for each in range(4)]
    accepted = company.accept(leads[0])
    start = company.clock.now()
    company.pass_time(start + timedelta(hours=30))
    told = [(each.message.lead_id, each.message.step) for each in company.events("leads.response_overdue")]
    everybody = [lead.lead_id for lead in leads]
    assert sorted(each for each, step in told if step == "remind") == sorted(set(everybody) - {accepted.lead_id})
    assert sorted(each for each, step in told if step == "popup") == sorted(everybody)
    assert sorted(each for each, step in told if step == "recycle_warning") == sorted(everybody)
    recycled = {each.message.lead_id: each.message for each in company.events("leads.recycled")}
    for lead in leads:
        event, now = recycled[lead.lead_id], company.get(lead.lead_id)
        assert (event.previous_owner_id, event.company_name) == (lead.owner_id, lead.company_name)
        assert (now.state, now.owner_id, now.bounces) == (lead_pb2.LEAD_STATE_RECYCLED, "", 1)
    assert company.timeline(leads[3].lead_id)[-5:] == ["reminded", "overdue", "overdue", "recycle_warning", "recycled"]
    loads = company.assignment().ListRepLoads(assignment_pb.ListRepLoadsRequest()).reps
    assert {each.employee_id: each.weighted for each in loads} == {"E1": 0, "E2": 0}
    with company.service.runtime.database.connect() as conn:
        counts = conn.execute(text("SELECT open_a, open_b, open_c FROM rep")).all()
    assert {tuple(row) for row in counts} == {(0, 0, 0)}


@pytest.mark.spec("LD5.1", "LD6.1", "P7.1")
def test_a_lead_that_cannot_be_recycled_keeps_no_other_from_it(company: Company) -> None:
    company.hire("E1")
    leads = [company.capture(f"乙{each}公司", phone=f"1390000000{each}").lead.lead_id for each in range(4)]
    with company.service.runtime.database.begin() as conn:  # its row is broken: nobody knows such a grade
        conn.execute(text("UPDATE lead SET grade = 'Z' WHERE lead_id = :bad"), {"bad": leads[1]})
    company.clock.advance(timedelta(hours=25))
    runner = DeadlineRunner(company.service.uow, company.service.deadlines)
    while runner.turn():
        pass
    assert {each.message.lead_id for each in company.events("leads.recycled")} == set(leads) - {leads[1]}
    with company.service.runtime.database.connect() as conn:
        waiting = conn.execute(select(deadline.c.subject_id).where(deadline.c.state == "pending")).scalars()
        assert set(waiting) == {leads[1]}


@pytest.mark.spec("LD5.1", "A5.1")
def test_a_call_that_is_told_again_as_answered_stops_the_clocks_once(company: Company) -> None:
    company.hire("E1")
    lead, one = company.capture_a(), new_id()
    call(company, lead, connected=False, call_id=one)
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_ASSIGNED
    call(company, lead, connected=True, call_id=one)
    contacted = company.get(lead.lead_id)
    assert contacted.state == lead_pb2.LEAD_STATE_CONTACTED
    call(company, lead, connected=True, call_id=one)
    again = company.get(lead.lead_id)
    assert (again.state, again.recycle_due_at) == (contacted.state, contacted.recycle_due_at)
    assert len(company.events("leads.accepted")) == 1
    company.pass_time(company.clock.now() + 5 * HOUR)
    assert steps(company) == []


@pytest.mark.spec("LD5.1")
def test_outside_the_shift_the_golden_clock_stands_still(company: Company) -> None:
    company.hire("E1")
    company.clock.advance(8 * HOUR + 15 * MINUTE)  # 18:15
    company.capture_a()
    start = company.clock.now()
    company.pass_time(start + 16 * HOUR)  # 10:15 of the next day
    assert [step for step, _ in steps(company)] == ["remind"]
    assert steps(company)[0][1] == start + 15 * HOUR, "15 minutes before 18:30 and 15 after 09:00"


@pytest.mark.spec("LD5.1", "LD1.7")
def test_acceptance_stops_the_reminder_and_the_email_for_good(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    assert company.accept(lead).state == lead_pb2.LEAD_STATE_ACCEPTED
    company.pass_time(company.clock.now() + 10 * HOUR)
    assert [step for step, _ in steps(company)] == ["popup"]


@pytest.mark.spec("LD5.1", "LD1.7")
def test_a_call_record_stops_all_golden_clocks_and_is_the_first_contact(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    company.clock.advance(10 * MINUTE)
    call(company, lead, connected=True, times=2)
    now = company.get(lead.lead_id)
    assert now.state == lead_pb2.LEAD_STATE_CONTACTED
    assert now.first_contact_at == now.last_effective_action_at == stamp(company.clock.now())
    company.pass_time(company.clock.now() + 12 * HOUR)
    assert steps(company) == []
    assert company.timeline(lead.lead_id).count("contacted") == 1
    assert len(company.events("leads.accepted")) == 1


@pytest.mark.spec("LD5.1")
def test_an_unanswered_call_stops_only_the_reminder(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    call(company, lead, connected=False)
    company.pass_time(company.clock.now() + 10 * HOUR)
    assert [step for step, _ in steps(company)] == ["popup", "email"]
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_ASSIGNED


@pytest.mark.spec("LD5.1")
def test_a_form_alone_stops_nothing(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    follow_up(company, lead, "form")
    company.pass_time(company.clock.now() + 10 * HOUR)
    assert [step for step, _ in steps(company)] == ["remind", "popup", "email"]


@pytest.mark.spec("LD5.1")
def test_what_somebody_else_did_stops_nothing(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    call(company, lead, connected=True, by="E7")
    company.pass_time(company.clock.now() + HOUR)
    assert [step for step, _ in steps(company)] == ["remind"]


@pytest.mark.spec("LD5.1", "LD5.2")
def test_an_archived_conversation_stops_the_clocks_and_a_reply_the_yellow_mark(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    at = stamp(company.clock.now())
    event = ConversationArchived(
        archive_id=new_id(), lead_id=lead.lead_id, rep_id="E1", rep_wrote=True, customer_replied=True, archived_at=at
    )
    deliver(company.service, event)
    company.pass_time(company.clock.now() + 19 * HOUR)
    assert steps(company) == []
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_CONTACTED


@pytest.mark.spec("LD5.2", "LD6.1")
def test_without_a_reply_the_lead_turns_yellow_and_that_is_the_reason_to_re_screen(company: Company) -> None:
    company.hire("E1")
    lead = company.capture()
    follow_up(company, lead.lead, "wechat")
    start = company.clock.now()
    company.pass_time(start + 24 * HOUR)
    assert ("yellow", start + 24 * HOUR) in steps(company)
    now = company.get(lead.lead.lead_id)
    assert (now.state, now.reason) == (lead_pb2.LEAD_STATE_RECYCLED, "No reply of the customer: please re-screen.")
    assert company.timeline(now.lead_id)[-3:] == ["recycle_warning", "yellow", "recycled"]


@pytest.mark.spec("LD5.2")
def test_a_reply_in_time_keeps_the_lead_from_turning_yellow(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    follow_up(company, lead, "wechat")
    company.clock.advance(HOUR)
    follow_up(company, lead, "wechat", direction="inbound")
    call(company, lead, connected=True)
    company.pass_time(company.clock.now() + 23 * HOUR)
    assert [step for step, _ in steps(company)] == ["recycle_warning"]
    assert not company.get(lead.lead_id).yellow


@pytest.mark.spec("LD6.1")
def test_each_effective_action_lets_recycling_wait_anew(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    call(company, lead, connected=True)
    company.clock.advance(19 * HOUR)
    follow_up(company, lead, "visit")
    start = company.clock.now()
    assert company.get(lead.lead_id).recycle_due_at == stamp(start + 24 * HOUR)
    company.pass_time(start + 23 * HOUR)
    assert steps(company) == [("recycle_warning", start + 20 * HOUR)]
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_CONTACTED


@pytest.mark.spec("LD6.1", "P11.1")
def test_days_off_do_not_count_for_recycling(company: Company) -> None:
    company.hire("E1")
    company.clock.advance(timedelta(days=3))  # Friday 10:00
    lead = company.capture_a()
    company.pass_time(company.clock.now() + timedelta(days=2, hours=23))
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_ASSIGNED
    company.pass_time(company.clock.now() + HOUR)
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_RECYCLED


@pytest.mark.spec("LD6.1")
def test_who_let_a_lead_go_cold_does_not_get_it_again_automatically(company: Company) -> None:
    company.hire("E1", "E2")
    lead = company.capture_a()
    assert lead.owner_id == "E1"
    company.pass_time(company.clock.now() + timedelta(hours=25))
    reopen = lead_pb.ReopenLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="已重新筛选")
    company.leads(as_manager()).ReopenLead(reopen)
    assert drain_waiting(company.app.assigner) == 1
    assert company.get(lead.lead_id).owner_id == "E2"
    assert "E1" not in {
        each.employee_id for each in company.explain(lead.lead_id).decision.candidates if not each.refused
    }


@pytest.mark.spec("LD6.1")
def test_a_lead_that_bounced_three_times_goes_to_the_manager(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    lead = company.capture_a()
    for bounce in range(3):
        company.pass_time(company.clock.now() + timedelta(hours=24))
        assert company.get(lead.lead_id).bounces == bounce + 1
        if bounce < 2:
            reopen = lead_pb.ReopenLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="再试")
            company.leads(as_hq()).ReopenLead(reopen)
            drain_waiting(company.app.assigner)
    assert drain_waiting(company.app.assigner) == 1
    now = company.get(lead.lead_id)
    assert (now.owner_id, now.state) == ("M1", lead_pb2.LEAD_STATE_ASSIGNED)
    assert company.events("leads.assigned")[-1].message.how == "bounced"


@pytest.mark.spec("LD6.1", "LD4.3")
def test_a_bounced_lead_does_not_go_to_a_manager_who_leaves_just_now(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    lead = company.capture_a()
    for bounce in range(3):
        company.pass_time(company.clock.now() + timedelta(hours=24))
        if bounce < 2:
            reopen = lead_pb.ReopenLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="再试")
            company.leads(as_hq()).ReopenLead(reopen)
            drain_waiting(company.app.assigner)
    company.directory.meanwhile = lambda: company.hire("M1", version=2, status="departed", duties=[])
    assert drain_waiting(company.app.assigner) == 0
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_RECYCLED


@pytest.mark.spec("LD5.3")
def test_a_new_owner_starts_new_clocks(company: Company) -> None:
    company.hire("E1", "E2")
    lead = company.capture_a()
    company.clock.advance(20 * MINUTE)
    request = assignment_pb.AssignLeadRequest(
        request_id=new_id(), lead_id=lead.lead_id, employee_id="E2", reason="E1 外出"
    )
    company.assignment(as_manager()).AssignLead(request)
    start = company.clock.now()
    company.pass_time(start + HOUR)
    assert steps(company) == [("remind", start + 30 * MINUTE)]


@pytest.mark.spec("LD5.3")
def test_a_new_policy_leaves_running_clocks_alone_unless_it_says_they_follow(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    start = company.clock.now()
    publish(company, RESPONSE, {"remind_minutes": 10})
    recount_clocks(company.service.uow, company.app.assigner.clocks())
    assert company.next_due() == start + 30 * MINUTE
    publish(company, RESPONSE, {"remind_minutes": 10, "popup_minutes": 60, "running_clocks": "follow"})
    publish(
        company,
        RECYCLE,
        {"recycle_hours": {"A": 48, "B": 48, "C": 48}, "running_clocks": "follow"},
    )
    assert recount_clocks(company.service.uow, company.app.assigner.clocks()) == 1
    assert recount_clocks(company.service.uow, company.app.assigner.clocks()) == 0
    assert company.get(lead.lead_id).recycle_due_at == stamp(start + 48 * HOUR)
    company.pass_time(start + 90 * MINUTE)
    assert steps(company) == [("remind", start + 10 * MINUTE), ("popup", start + 60 * MINUTE)]
