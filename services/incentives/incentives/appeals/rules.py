"""With whom an appeal lies, how long, and what may be awarded (I3.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, Violation
from chassis.kernel.calendar import BusinessCalendar
from chassis.kernel.money import Money
from incentives.appeals.policy import AppealPolicy
from incentives.slips.rules import Command

CALENDAR = BusinessCalendar()


class Level(StrEnum):
    """In the order in which an appeal climbs."""

    MANAGER = "manager"
    DIRECTOR = "director"
    HEADQUARTERS = "headquarters"


LEVELS = tuple(Level)


@dataclass(frozen=True)
class Seat:
    """Who decides. At headquarters anybody with that duty: no name."""

    level: Level
    decider_id: str = ""


class AppealNotFound(NotFound):
    en = "Nobody appealed against this slip."
    zh = "该激励单没有申诉。"


class NotTheDecider(FailedPrecondition):
    en = "The appeal lies with somebody else: level {level}, {decider_id}."
    zh = "该申诉当前由他人处理：层级 {level}，{decider_id}。"


class OwnPay(FailedPrecondition):
    en = "Nobody decides on their own pay."
    zh = "不得裁决与本人收益相关的申诉。"


class SecondPersonNeeded(FailedPrecondition):
    en = "Somebody else than the one who decided books the adjustment."
    zh = "调整须由裁决人以外的第二人执行。"


class NoSuchDecider(FailedPrecondition):
    en = "{decider_id} does not lead the slip's unit, or is paid by the deal."
    zh = "{decider_id} 不是该激励单所属组织的主管，或为该单受益人。"


@dataclass(frozen=True)
class SlipAppealed:
    slip_id: str
    appeal_id: str
    beneficiary_id: str
    beneficiary_name: str
    unit: str
    customer_name: str
    amount: Money
    claimed: Money | None
    reason: str
    level: str
    decider_id: str
    due_at: datetime
    reopened: bool


@dataclass(frozen=True)
class AppealMoved:
    slip_id: str
    appeal_id: str
    beneficiary_name: str
    customer_name: str
    amount: Money
    why: str
    level: str
    decider_id: str
    previous_decider_id: str
    due_at: datetime
    number: int


@dataclass(frozen=True)
class AppealInfoAsked:
    slip_id: str
    appeal_id: str
    beneficiary_id: str
    customer_name: str
    question: str
    asked_at: datetime


@dataclass(frozen=True)
class AppealInfoGiven:
    slip_id: str
    appeal_id: str
    beneficiary_name: str
    customer_name: str
    decider_id: str
    answer: str
    due_at: datetime
    given_at: datetime


@dataclass(frozen=True)
class SlipDecided:
    slip_id: str
    appeal_id: str
    beneficiary_id: str
    beneficiary_name: str
    unit: str
    customer_name: str
    outcome: str
    amount: Money
    awarded: Money | None
    level: str
    decided_by: str
    reason: str
    decided_at: datetime


@dataclass(frozen=True)
class SlipAdjusted:
    slip_id: str
    appeal_id: str
    beneficiary_id: str
    customer_name: str
    before: Money
    amount: Money
    adjusted_at: datetime


@dataclass(frozen=True)
class AppealWithdrawn:
    slip_id: str
    appeal_id: str
    beneficiary_name: str
    customer_name: str
    decider_id: str


def seats(manager_id: str, director_id: str, paid: Collection[str]) -> list[Seat]:
    """Who may decide, in turn. Whoever the deal pays is skipped, and so is a level that nobody holds."""
    named = [Seat(Level.MANAGER, manager_id), Seat(Level.DIRECTOR, director_id)]
    found = [each for each in named if each.decider_id and each.decider_id not in paid]
    if len(found) == 2 and found[0].decider_id == found[1].decider_id:
        del found[1]
    return [*found, Seat(Level.HEADQUARTERS)]


def seat_after(chain: Sequence[Seat], level: Level) -> Seat:
    """The next level up; headquarters stays with headquarters."""
    return next((each for each in chain if LEVELS.index(each.level) > LEVELS.index(level)), Seat(Level.HEADQUARTERS))


def due(since: datetime, policy: AppealPolicy) -> datetime:
    return resumed(since, timedelta(hours=policy.hours_per_level), policy)


def resumed(since: datetime, left: timedelta, policy: AppealPolicy) -> datetime:
    return CALENDAR.add_daily_window(since, left, policy.opens, policy.closes)


def left_at(now: datetime, due_at: datetime, policy: AppealPolicy) -> timedelta:
    """What the level has left; nothing when it is late already."""
    if due_at <= now:
        return timedelta(0)
    return CALENDAR.elapsed_daily_window(now, due_at, policy.opens, policy.closes)


def award(command: Command, amount: int, claimed: int | None, said: int | None, largest: int) -> int | None:
    """Fen the slip comes to by a decision; None when rejected. Raises InvalidInput.

    Upheld is the whole claim; partly upheld something between the slip and the claim.
    """
    if command is Command.REJECT:
        if said is not None:
            raise _wrong("a rejection awards nothing", "驳回时不得填写金额")
        return None
    fen = claimed if command is Command.UPHOLD and said is None else said
    if fen is None:
        raise _wrong("say what the slip should come to", "请填写裁定金额")
    if fen == amount or not 0 < fen <= largest:
        raise _wrong("must be above zero, another than now, not too large", "须大于零、不同于现金额且不超过上限")
    if claimed is not None and command is Command.UPHOLD and fen != claimed:
        raise _wrong("upheld is the whole claim; decide “partly” otherwise", "支持即按申诉金额；否则请选择部分支持")
    low, high = sorted((amount, amount if claimed is None else claimed))
    if claimed is not None and command is Command.UPHOLD_PARTLY and not low < fen < high:
        raise _wrong("lies between the slip and the claim", "部分支持的金额须介于原金额与申诉金额之间")
    return fen


def _wrong(en: str, zh: str) -> InvalidInput:
    return InvalidInput.of(Violation("awarded", en, zh))
