"""A slip is disputed, decided, escalated and reopened once, through the real doors and the real clocks (I3)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.deadline_runner import DeadlineRunner
from chassis.errors import CloseloopError, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import as_director, as_hq, as_manager, as_rep
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import appeal_service_pb2 as pb
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.incentives.v1.appeal_service_pb2_grpc import AppealServiceStub
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from incentives.appeals import rules
from incentives.appeals.policy import AppealPolicy
from incentives.appeals.rules import Level, Seat, award, due, left_at, seats
from incentives.bootstrap import CATALOG
from incentives.slips.rules import Command, SlipReminded

from .world import KA, SIGNED, earned, fire_clocks, order, slips, told

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
REP, MANAGER, DIRECTOR = as_rep("E1"), as_manager("E100"), as_director("E900")
HQ, FINANCE = as_hq("E990"), as_hq("E950", "finance")
HOUR = timedelta(hours=1)
UPHELD, PARTLY, REJECTED = pb.DECISION_UPHOLD, pb.DECISION_UPHOLD_PARTLY, pb.DECISION_REJECT


class Desk:
    """One slip of E1 for 500.00, and people who do things with it."""

    def __init__(self, rpc: Rpc, service: Service) -> None:
        self.rpc, self.service = rpc, service
        self.slip_id = next(each.slip_id for each in slips(rpc, service) if each.rule_id == KA)
        self.file_id = service.runtime.files.put(BytesIO(PNG), "page.png", 1 << 20).id

    def _do(self, who: Identity, name: str, **fields: Any) -> Any:
        method = getattr(pb, f"{name}Request")
        request = method(request_id=new_id(), slip_id=self.slip_id, **fields)
        return getattr(AppealServiceStub(self.rpc(self.service, as_=who)), name)(request)

    def appeal(self, who: Identity = REP, claimed: int = 800_00, **fields: Any) -> pb.Appeal:
        money = {"claimed": {"fen": claimed}} if claimed else {}
        given = {"file_id": self.file_id, "reason": "合同含技术服务条款", **money, **fields}
        found: pb.Appeal = self._do(who, "AppealSlip", **given).appeal
        return found

    def decide(self, who: Identity, decision: Any, awarded: int = 0) -> pb.Appeal:
        money = {"awarded": {"fen": awarded}} if awarded else {}
        found: pb.Appeal = self._do(who, "DecideAppeal", decision=decision, reason="已核对", **money).appeal
        return found

    def do(self, who: Identity, name: str, **fields: Any) -> pb.Appeal:
        found: pb.Appeal = self._do(who, name, **fields).appeal
        return found

    def seen(self, who: Identity = REP) -> pb.Appeal:
        stub = AppealServiceStub(self.rpc(self.service, as_=who))
        return stub.GetAppeal(pb.GetAppealRequest(slip_id=self.slip_id)).appeal

    def slip(self) -> slip_pb.Slip:
        stub = SlipServiceStub(self.rpc(self.service, as_=REP))
        return stub.GetSlip(slip_pb.GetSlipRequest(slip_id=self.slip_id)).slip

    def refused(self, kind: type[CloseloopError], call: Any) -> CloseloopError:
        before = self.slip()
        with pytest.raises(kind) as refused:
            call()
        assert self.slip() == before, "nothing is half done"
        return refused.value

    def events(self, type_: str) -> list[Any]:
        with self.service.uow.database.connect() as conn:
            return [each.message for each in recorded_events(conn, CATALOG) if each.type == f"incentives.{type_}"]


@pytest.fixture
def desk(rpc: Rpc, ruled: Service) -> Desk:
    deliver(ruled, order())
    return Desk(rpc, ruled)


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - 8 * HOUR


def due_of(appeal: pb.Appeal) -> datetime:
    return appeal.due_at.ToDatetime(tzinfo=UTC)


def test_events_fit_their_contracts() -> None:
    CATALOG.check(
        [
            SlipReminded, rules.SlipAppealed, rules.AppealMoved, rules.AppealInfoAsked, rules.AppealInfoGiven,
            rules.SlipDecided, rules.SlipAdjusted, rules.AppealWithdrawn,
        ]
    )  # fmt: skip


@pytest.mark.spec("I3.2")
def test_whoever_the_deal_pays_is_skipped() -> None:
    top = Seat(Level.HEADQUARTERS)
    assert seats("M", "D", {"E"}) == [Seat(Level.MANAGER, "M"), Seat(Level.DIRECTOR, "D"), top]
    assert seats("M", "D", {"E", "M"}) == [Seat(Level.DIRECTOR, "D"), top]
    assert seats("M", "D", {"M", "D"}) == [top]
    assert seats("", "", {"E"}) == [top]
    assert seats("M", "M", {"E"}) == [Seat(Level.MANAGER, "M"), top]


@pytest.mark.spec("I3.2", "P11.1")
def test_only_eight_to_ten_counts_and_every_day() -> None:
    policy = AppealPolicy()
    assert due(shanghai(10, 10), policy) == shanghai(10, 14)
    assert due(shanghai(13, 21), policy) == shanghai(14, 11)  # a Friday evening
    assert due(shanghai(10, 3), policy) == shanghai(10, 12)
    assert left_at(shanghai(10, 21), shanghai(11, 11), policy) == 4 * HOUR
    assert left_at(shanghai(11, 12), shanghai(11, 11), policy) == timedelta(0)


@pytest.mark.spec("I3.1", "I8.1")
def test_what_may_be_awarded() -> None:
    assert award(Command.UPHOLD, 500, 800, None, 1000) == 800
    assert award(Command.UPHOLD, 500, None, 700, 1000) == 700
    assert award(Command.UPHOLD_PARTLY, 500, 800, 600, 1000) == 600
    assert award(Command.REJECT, 500, 800, None, 1000) is None
    for command, claimed, said in (
        (Command.REJECT, 800, 600), (Command.UPHOLD, None, None), (Command.UPHOLD, 800, 700),
        (Command.UPHOLD_PARTLY, 800, 800), (Command.UPHOLD_PARTLY, 800, None), (Command.UPHOLD_PARTLY, None, 500),
        (Command.UPHOLD_PARTLY, None, -1), (Command.UPHOLD_PARTLY, None, 1001), (Command.UPHOLD, 5000, None),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            award(command, 500, claimed, said, 1000)


@pytest.mark.spec("I3.1", "I3.2", "I2.5")
def test_upheld_adjusted_by_a_second_person_and_shown_again(desk: Desk, rpc: Rpc, ruled: Service) -> None:
    appeal = desk.appeal()
    assert (appeal.state, appeal.level, appeal.decider_id) == ("assigned", pb.APPEAL_LEVEL_MANAGER, "E100")
    assert due_of(appeal) == shanghai(10, 14)
    assert desk.events("slip_appealed")[0].decider_id == "E100"
    other = next(each for each in slips(rpc, ruled) if each.slip_id != desk.slip_id)
    confirming = slip_pb.ConfirmSlipRequest(request_id=new_id(), slip_id=other.slip_id)
    confirmed = SlipServiceStub(rpc(ruled, as_=REP)).ConfirmSlip(confirming).slip
    assert confirmed.state == slip_pb.SLIP_STATE_CONFIRMED, "only the disputed line is held"

    refused = desk.refused(FailedPrecondition, lambda: desk.decide(DIRECTOR, UPHELD))
    assert refused.reason == "NOT_THE_DECIDER"
    decided = desk.decide(MANAGER, PARTLY, 650_00)
    assert (decided.state, decided.awarded.fen, desk.slip().amount.fen) == ("partly_upheld", 650_00, 500_00)
    assert desk.refused(FailedPrecondition, lambda: desk.decide(MANAGER, REJECTED)).reason == "ILLEGAL_COMMAND"

    adjusted = desk.do(FINANCE, "AdjustSlip")
    assert (adjusted.state, adjusted.HasField("closed_at")) == ("pending", True)
    assert (desk.slip().amount.fen, desk.slip().state) == (650_00, slip_pb.SLIP_STATE_PENDING)
    assert earned(rpc, ruled) == 850_00
    assert [each.command for each in adjusted.steps] == ["appeal", "assign", "uphold_partly", "adjust", "show_again"]
    assert adjusted.steps[0].file_id == desk.file_id
    assert [each.outcome for each in desk.events("slip_decided")] == ["partly_upheld"]

    deliver(ruled, order(version=2))
    assert (desk.slip().amount.fen, earned(rpc, ruled)) == (650_00, 850_00), "the recalculation keeps it"
    deliver(ruled, order(version=3, cancelled=SIGNED))
    assert earned(rpc, ruled) == 0, "and a cancellation takes all of it back"


@pytest.mark.spec("I3.2", "I8.1", "P1.4")
def test_an_appeal_needs_its_file_its_reason_and_its_beneficiary(desk: Desk, ruled: Service) -> None:
    text = ruled.runtime.files.put(BytesIO(b"a,b"), "a.csv", 1 << 20).id
    for file_id in ("", "0" * 64, text):
        refused = desk.refused(InvalidInput, lambda file_id=file_id: desk.appeal(file_id=file_id))
        assert [each.field for each in refused.violations] == ["file_id"]
    desk.refused(InvalidInput, lambda: desk.appeal(reason=""))
    desk.refused(InvalidInput, lambda: desk.appeal(claimed=-1))
    desk.refused(NotFound, lambda: desk.appeal(as_rep("E2")))
    assert desk.refused(PermissionDenied, lambda: desk.appeal(MANAGER)).reason == "NOT_YOUR_SLIP"
    desk.refused(PermissionDenied, lambda: desk.appeal(HQ))
    desk.refused(NotFound, desk.seen)

    desk.appeal()
    assert desk.refused(FailedPrecondition, desk.appeal).reason == "ILLEGAL_COMMAND"
    desk.refused(NotFound, lambda: desk.decide(as_manager("E200", "/HQ/EAST/HZ2/"), UPHELD))
    desk.refused(PermissionDenied, lambda: desk.decide(REP, UPHELD))
    desk.refused(PermissionDenied, lambda: desk.do(MANAGER, "WithdrawAppeal"))
    assert desk.do(REP, "WithdrawAppeal").state == "confirmed"
    late = desk.refused(FailedPrecondition, desk.appeal)
    assert (late.reason, late.metadata["state"]) == ("ILLEGAL_COMMAND", "confirmed")
    assert "appeal_withdrawn" in {
        each.removeprefix("incentives.") for each in told(ruled, "incentives.appeal_withdrawn")
    }


@pytest.mark.spec("I3.2")
def test_it_climbs_each_four_hours_once_with_two_replicas(desk: Desk, ruled: Service, clock: FixedClock) -> None:
    desk.appeal()
    for at, level, decider, due_at in (
        (shanghai(10, 14), pb.APPEAL_LEVEL_DIRECTOR, "E900", shanghai(10, 18)),
        (shanghai(10, 18), pb.APPEAL_LEVEL_HEADQUARTERS, "", shanghai(10, 22)),
        (shanghai(10, 22), pb.APPEAL_LEVEL_HEADQUARTERS, "", shanghai(11, 12)),
    ):
        clock.set(at - timedelta(seconds=1))
        fire_clocks(ruled)
        before = len(desk.events("appeal_moved"))
        clock.set(at)
        _two_replicas(ruled)
        seen = desk.seen()
        assert (seen.level, seen.decider_id, due_of(seen)) == (level, decider, due_at)
        assert len(desk.events("appeal_moved")) == before + 1
    assert [each.number for each in desk.events("appeal_moved")] == [1, 2, 3]
    for late in (MANAGER, DIRECTOR):
        assert desk.refused(FailedPrecondition, lambda late=late: desk.decide(late, UPHELD)).reason == "NOT_THE_DECIDER"
    assert desk.decide(HQ, UPHELD).state == "upheld"


def _two_replicas(service: Service) -> None:
    together = threading.Barrier(2)

    def run(runner: DeadlineRunner) -> int:
        together.wait()
        return sum(runner.turn() for _ in range(5))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [DeadlineRunner(service.uow, service.deadlines) for _ in range(2)]))


@pytest.mark.spec("I3.1", "I3.2")
def test_a_question_stops_the_clock_and_the_answer_lets_it_go_on(desk: Desk, ruled: Service, clock: FixedClock) -> None:
    desk.appeal()
    clock.set(shanghai(10, 11))
    asked = desk.do(MANAGER, "AskAppealInfo", question="哪一条款？")
    assert (asked.state, asked.HasField("due_at")) == ("info_needed", False)
    assert desk.seen().allowed == ["give_info", "withdraw"]
    clock.set(shanghai(11, 9))
    fire_clocks(ruled)
    assert desk.events("appeal_moved") == []
    given = desk.do(REP, "GiveAppealInfo", answer="第 4 条", file_id=desk.file_id)
    assert (given.state, due_of(given)) == ("assigned", shanghai(11, 12))
    assert len(desk.events("appeal_info_given")) == 1


@pytest.mark.spec("I3.2")
def test_nobody_decides_on_their_own_pay(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(rep="E100"))
    desk = Desk(rpc, ruled)
    assert desk.appeal(MANAGER).decider_id == "E900"
    own = desk._do
    for call in (
        lambda: own(MANAGER, "DecideAppeal", decision=UPHELD, reason="自己"),
        lambda: own(MANAGER, "AssignAppeal", decider_id="E900", reason="自己"),
        lambda: own(as_hq("E100"), "DecideAppeal", decision=UPHELD, reason="自己"),
    ):
        with pytest.raises(FailedPrecondition) as refused:
            call()
        assert refused.value.reason == "OWN_PAY"
    fire_clocks(ruled, later=4 * HOUR)
    assert desk.seen(MANAGER).level == pb.APPEAL_LEVEL_HEADQUARTERS
    with pytest.raises(FailedPrecondition) as refused:
        desk.decide(as_hq("E100"), UPHELD)
    assert refused.value.reason == "OWN_PAY"
    assert desk.decide(HQ, UPHELD).state == "upheld"


@pytest.mark.spec("I3.2")
def test_handed_over_to_whoever_leads_the_unit(desk: Desk) -> None:
    desk.appeal()
    for nobody in ("E1", "E2", "E404"):
        refused = desk.refused(
            FailedPrecondition, lambda who=nobody: desk.do(HQ, "AssignAppeal", decider_id=who, reason="休假")
        )
        assert refused.reason == "NO_SUCH_DECIDER"
    assert desk.do(HQ, "AssignAppeal", decider_id="E900", reason="休假").decider_id == "E900"
    assert desk.refused(FailedPrecondition, lambda: desk.decide(MANAGER, UPHELD)).reason == "NOT_THE_DECIDER"
    assert [each.why for each in desk.events("appeal_moved")] == ["assigned"]
    assert desk.decide(DIRECTOR, REJECTED).state == "rejected"


@pytest.mark.spec("I3.2")
def test_of_two_decisions_at_once_one_holds(desk: Desk) -> None:
    desk.appeal()
    together = threading.Barrier(2)

    def decide(decision: Any) -> str:
        together.wait()
        try:
            return desk.decide(MANAGER, decision).state
        except FailedPrecondition as refused:
            return refused.reason

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(decide, [UPHELD, REJECTED]))
    assert found in (["ILLEGAL_COMMAND", "rejected"], ["ILLEGAL_COMMAND", "upheld"])
    assert len(desk.events("slip_decided")) == 1


@pytest.mark.spec("I3.1")
def test_a_rejection_is_reopened_once_one_level_up(desk: Desk) -> None:
    desk.appeal()
    desk.decide(MANAGER, REJECTED)
    assert desk.seen().allowed == ["accept", "reopen"]
    again = desk.do(REP, "ReopenAppeal", reason="请总监复核")
    assert (again.state, again.decider_id, again.reopened) == ("reopened", "E900", True)
    assert [each.reopened for each in desk.events("slip_appealed")] == [False, True]
    assert desk.decide(DIRECTOR, REJECTED).state == "rejected_again"
    once = desk.refused(FailedPrecondition, lambda: desk.do(REP, "ReopenAppeal", reason="再来"))
    assert (once.reason, list(once.allowed)) == ("ILLEGAL_COMMAND", ["accept"])  # type: ignore[attr-defined]
    assert desk.do(REP, "AcceptRejection").state == "confirmed"


@pytest.mark.spec("I3.2")
def test_silence_after_two_reminders_confirms(desk: Desk, rpc: Rpc, ruled: Service, clock: FixedClock) -> None:
    """8 and 8 working hours of 09:00–18:30, then 24: Tuesday 10:00 → 18:00 → Wednesday 16:30 → Monday 12:00."""
    for at, reminders in ((shanghai(10, 18), 1), (shanghai(11, 16, 30), 2)):
        clock.set(at)
        fire_clocks(ruled)
        mine = [each for each in desk.events("slip_reminded") if each.slip_id == desk.slip_id]
        assert (len(mine), desk.slip().state) == (reminders, slip_pb.SLIP_STATE_PENDING)
    over = mine[-1].confirmed_from.ToDatetime(tzinfo=UTC)
    assert over == shanghai(16, 12)
    desk.appeal()
    desk.decide(MANAGER, REJECTED)
    clock.set(over)
    fire_clocks(ruled)
    states = {each.slip_id: each.state for each in slips(rpc, ruled)}
    others = {state for slip_id, state in states.items() if slip_id != desk.slip_id}
    assert others == {slip_pb.SLIP_STATE_CONFIRMED}
    assert desk.seen().state == "rejected", "a rejection is answered in its own time"
    for _ in range(3):
        clock.advance(timedelta(days=7))
        fire_clocks(ruled)
    assert desk.seen().state == "confirmed"
    assert desk.seen().steps[-1].actor == "service:incentives"


@pytest.mark.spec("I3.1", "I2.5")
def test_a_cancelled_order_ends_the_appeal_and_its_clocks(desk: Desk, ruled: Service) -> None:
    desk.appeal()
    deliver(ruled, order(version=2, cancelled=SIGNED))
    seen = desk.seen()
    assert (seen.state, seen.HasField("closed_at"), seen.steps[-1].command) == ("cancelled", True, "cancel")
    fire_clocks(ruled, later=timedelta(days=30))
    assert desk.events("appeal_moved") == desk.events("slip_reminded") == []
    assert desk.refused(FailedPrecondition, lambda: desk.decide(MANAGER, UPHELD)).reason == "ILLEGAL_COMMAND"
