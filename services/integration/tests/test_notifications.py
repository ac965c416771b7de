"""Who hears of what: inbox, live stream event and e-mail, each once."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.identity import Identity
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.forecast.v1 import events_pb2 as forecast
from closeloop.incentives.v1 import events_pb2 as incentives
from closeloop.integration.v1 import events_pb2 as own
from closeloop.integration.v1 import notification_service_pb2 as pb
from closeloop.integration.v1 import notification_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import events_pb2 as leads
from integration.tables import notification
from services.integration.tests.conftest import World
from services.integration.tests.notice_samples import TEN, WHO, overdue
from services.integration.tests.world import employee

EVENTS: list[tuple[Any, list[str], str, bool]] = [
    (
        leads.LeadAssigned(lead_id="L1", company_name="杭州云图", grade="A", decision_id="D1", assigned_at=TEN, **WHO),  # type: ignore[arg-type]
        ["E00001"], "lead_assigned", False,
    ),
    (leads.LeadAssignmentHeld(lead_id="L1", reason="unverified", since=TEN), ["E00700"], "assignment_held", False),
    (overdue("remind"), ["E00001"], "response_reminder", False),
    (overdue("popup"), ["E00001", "E00100"], "response_overdue", True),
    (overdue("email"), ["E00100"], "response_overdue", False),
    (overdue("yellow"), [], "", False),
    (overdue("recycle_warning"), ["E00001", "E00100"], "recycle_warning", False),
    (
        leads.LeadRecycled(lead_id="L1", previous_owner_id="E00001", manager_id="E00100", recycled_at=TEN),
        ["E00001", "E00100"], "lead_recycled", False,
    ),
    (
        leads.LeadWaitsTooLong(lead_id="L1", company_name="杭州云图", grade="A", minutes=31, since=TEN,
                               manager_ids=["E00100"]),
        ["E00100", "E00700"], "waits_too_long", True,
    ),
    (
        leads.RepPaused(employee_id="E00001", pause_id="P1", name="李娜", manager_id="E00100", to_rep=20, to_team=20,
                        share=1, limit=0.3, window_minutes=60, paused_at=TEN),
        ["E00100", "E00700"], "rep_paused", True,
    ),
    (
        leads.LeadsRecalled(employee_id="E00001", recall_id="R1", name="李娜", manager_id="E00100", released=19,
                            since=TEN, recalled_at=TEN, reason="left", reason_zh="已离职"),
        ["E00100", "E00700"], "leads_recalled", False,
    ),
    (
        leads.FairnessDrifted(employee_id="E00001", name="李娜", manager_id="E00100", grade="A", owed=3.5, received=1),
        ["E00100", "E00700"], "fairness_drifted", False,
    ),
    (
        leads.RepPassedOver(employee_id="E00001", load=0.92, weighted=7.36, baseline=8, day="2026-03-10"),
        ["E00001"], "rep_passed_over", False,
    ),
    (
        leads.HandoverOpened(handover_id="H1", name="李娜", manager_id="E00100", cause="departed", move_due_at=TEN),
        ["E00100", "E00700"], "handover_opened", False,
    ),
    (
        leads.HandoverMoved(handover_id="H1", name="李娜", manager_id="E00100", taker_ids=["E00002"], moved_at=TEN),
        ["E00002", "E00100"], "handover_moved", False,
    ),
    (
        leads.HandoverReminded(handover_id="H1", name="李娜", manager_id="E00100", step="late", reminded_at=TEN),
        ["E00100", "E00700"], "handover_late", True,
    ),
    (
        leads.HandoverReminded(handover_id="H1", name="李娜", manager_id="E00100", step="check_off",
                               people=["E00002"], reminded_at=TEN),
        ["E00002", "E00100"], "handover_check_off", False,
    ),
    (leads.HandoverClosed(handover_id="H1", manager_id="E00100", outcome="done"), ["E00100"], "handover_closed", False),
    (
        leads.HandoverClosed(handover_id="H2", manager_id="E00100", outcome="cancelled"),
        ["E00100"], "handover_cancelled", False,
    ),
    (leads.HandoverClosed(handover_id="H3", manager_id="E00100", outcome="nothing"), [], "", False),
    (leads.ImportProgressed(import_id="I1", started_by="E00700", state="running"), [], "", False),
    (leads.ImportProgressed(import_id="I1", started_by="E00700", state="done"), ["E00700"], "import_progressed", False),
    (
        incentives.SlipCreated(slip_id="S1", beneficiary_id="E00001", manager_id="E00100", amount={"fen": 520_000}),
        ["E00001", "E00100"], "slip_created", False,
    ),
    (
        incentives.SlipConfirmed(slip_id="S1", beneficiary_id="E00001", confirmed_at=TEN),
        ["E00001"], "slip_confirmed", False,
    ),
    (
        incentives.SlipClawedBack(slip_id="S2", beneficiary_id="E00001", manager_id="E00100", amount={"fen": -1}),
        ["E00001", "E00100"], "slip_clawed_back", False,
    ),
    (
        incentives.RulePublished(rule_id="R1", version=1, name="R", name_zh="规则", words="2 %", words_zh="2%"),
        ["E00001", "E00002"], "rule_published", False,
    ),
    (
        incentives.SlipHeld(slip_id="S1", beneficiary_id="E00001", amount={"fen": 1}, reason="r", reason_zh="缘由"),
        ["E00001"], "slip_held", False,
    ),
    (
        incentives.BudgetExhausted(budget_id="rule:r", rule_id="r", starts_on="2026-03-01", number=1, held={"fen": 1}),
        ["E00700", "E00800"], "budget_exhausted", False,
    ),
    (
        incentives.SlipReminded(slip_id="S1", beneficiary_id="E00001", number=1, confirmed_from=TEN),
        ["E00001"], "slip_reminded", False,
    ),
    (
        incentives.SlipAppealed(slip_id="S1", appeal_id="A1", level="manager", decider_id="E00100", due_at=TEN),
        ["E00100"], "slip_appealed", True,
    ),
    (
        incentives.AppealMoved(slip_id="S1", appeal_id="A1", why="overdue", level="director", decider_id="E00100"),
        ["E00100"], "appeal_moved", True,
    ),
    (
        incentives.AppealMoved(slip_id="S1", appeal_id="A1", why="assigned", decider_id="E00100", number=2),
        ["E00100"], "appeal_assigned", True,
    ),
    (
        incentives.AppealInfoAsked(slip_id="S1", appeal_id="A1", beneficiary_id="E00001", question="?", asked_at=TEN),
        ["E00001"], "appeal_info_asked", False,
    ),
    (
        incentives.AppealInfoGiven(slip_id="S1", appeal_id="A1", decider_id="E00100", answer="!", given_at=TEN),
        ["E00100"], "appeal_info_given", True,
    ),
    (
        incentives.SlipDecided(slip_id="S1", appeal_id="A1", beneficiary_id="E00001", outcome="rejected", reason="!"),
        ["E00001"], "slip_decided", False,
    ),
    (
        incentives.SlipAdjusted(slip_id="S1", appeal_id="A1", beneficiary_id="E00001", amount={"fen": 1}),
        ["E00001"], "slip_adjusted", False,
    ),
    (
        incentives.AppealWithdrawn(slip_id="S1", appeal_id="A1", decider_id="E00100"),
        ["E00100"], "appeal_withdrawn", False,
    ),
    (
        forecast.GateRefused(opportunity_id="O1", owner_id="E00001", after="negotiation", missing=["报价单"]),
        ["E00001"], "gate_refused", False,
    ),
    (own.FeedDegraded(feed="bank", health="degraded", since=TEN), ["E00700", "E00800"], "feed_degraded", False),
    (own.FeedRecovered(feed="bank", at=TEN), ["E00700", "E00800"], "feed_recovered", False),
]  # fmt: skip


@pytest.mark.spec("N9.1")
def test_every_event_reaches_its_people_once_however_often_it_comes(staffed: World) -> None:
    """All in one test: a fresh database for each would cost more than it tells."""
    for event, people, kind, popup in EVENTS:
        before = {row.id for row in staffed.rows(notification)}
        deliver(staffed.service, event, times=2)
        deliver(staffed.service, event)
        rows = [row for row in staffed.rows(notification) if row.id not in before]
        assert [row.recipient_id for row in rows] == people, kind
        assert {(row.kind, row.popup) for row in rows} <= {(kind, popup)}
        assert all(row.title and row.title_zh and row.body and row.body_zh and row.link for row in rows)
        assert not any("{" in row.title + row.body_zh for row in rows)
    told = [each.message.notification_id for each in staffed.events("integration.notification_created")]
    assert sorted(told) == [row.id for row in staffed.rows(notification)]


@pytest.mark.spec("N9.1")
def test_the_words_are_in_both_languages_with_money_and_shanghai_time(staffed: World) -> None:
    deliver(
        staffed.service,
        incentives.SlipCreated(
            slip_id="S1",
            beneficiary_id="E00001",
            beneficiary_name="李娜",
            amount={"fen": 520_000},
            customer_name="杭州第一医院",
            contract_number="HT-2026-001",
            words="2 % of 260,000",
            words_zh="26 万的 2%",
        ),
        overdue("remind"),
    )
    slip, reminder = staffed.rows(notification)
    assert (slip.title, slip.title_zh) == ("Incentive ¥5,200.00 for 李娜", "李娜 激励 ¥5,200.00")
    assert slip.body_zh == "杭州第一医院，合同 HT-2026-001：26 万的 2%"
    assert reminder.body == "杭州云图 has had no response since 2026-03-10 10:00."


@pytest.mark.spec("N9.1")
def test_departed_people_hear_nothing(staffed: World) -> None:
    staffed.hire(employee("E00002", status="DEPARTED"))
    deliver(staffed.service, incentives.RulePublished(rule_id="R1", version=1))
    assert [row.recipient_id for row in staffed.rows(notification)] == ["E00001"]


def inbox(world: World, rpc: Rpc, who: Identity) -> pb_grpc.NotificationServiceStub:
    return pb_grpc.NotificationServiceStub(rpc(world.service, as_=who))


@pytest.mark.spec("N9.1", "P1.2")
def test_an_inbox_is_one_s_own_and_fills_the_gap_of_a_stream(staffed: World, rpc: Rpc) -> None:
    deliver(staffed.service, overdue("remind"), overdue("popup"), overdue("recycle_warning"))
    stub = inbox(staffed, rpc, as_rep("E00001"))
    newest = stub.ListNotifications(pb.ListNotificationsRequest(page={"size": 2}))
    assert [each.kind for each in newest.notifications] == ["recycle_warning", "response_overdue"]
    assert (newest.unread, newest.notifications[1].popup) == (3, True)
    ids = [each.notification_id for each in newest.notifications]
    older = stub.ListNotifications(pb.ListNotificationsRequest(page={"token": newest.page.next_token})).notifications
    assert [each.kind for each in older] == ["response_reminder"]
    last_seen = older[0].notification_id
    missed = stub.ListNotifications(pb.ListNotificationsRequest(after_id=last_seen)).notifications
    assert [each.notification_id for each in missed] == sorted(ids)
    manager = inbox(staffed, rpc, as_hq("E00100", "manager")).ListNotifications(pb.ListNotificationsRequest())
    assert manager.unread == 2


@pytest.mark.spec("N9.1")
def test_reading_marks_own_notifications_only(staffed: World, rpc: Rpc) -> None:
    deliver(staffed.service, overdue("popup"), overdue("remind"))
    ids = [row.id for row in staffed.rows(notification)]
    stub = inbox(staffed, rpc, as_rep("E00001"))
    one = [row.id for row in staffed.rows(notification, recipient_id="E00001")][:1]
    assert stub.MarkRead(pb.MarkReadRequest(request_id="1", notification_ids=one)).unread == 1
    assert stub.MarkRead(pb.MarkReadRequest(request_id="2", notification_ids=ids)).unread == 0
    unread = [row.recipient_id for row in staffed.rows(notification) if row.read_at is None]
    assert unread == ["E00100"]
    assert not stub.ListNotifications(pb.ListNotificationsRequest(unread_only=True)).notifications
