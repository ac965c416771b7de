"""When a handover begins and ends, and who checks off what (LD10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied


class Cause(StrEnum):
    DEPARTED = "departed"
    DISABLED = "disabled"
    # Frozen for longer than the policy waits.
    FROZEN = "frozen"
    # To another team, or to a post that sells no more.
    MOVED = "moved"


class HandoverState(StrEnum):
    OPENING = "opening"  # told by HR, the package is being drafted
    DRAFTED = "drafted"  # a manager may decide on another split
    MOVING = "moving"  # released or due; stays so while an item is held
    MOVED = "moved"  # every item has its new owner; both sides check off
    CLOSED = "closed"
    CANCELLED = "cancelled"  # the employee came back before anything moved


class ItemState(StrEnum):
    WAITING = "waiting"
    HELD = "held"  # nobody could be verified, or nobody has room: tried again
    MOVED = "moved"
    DROPPED = "dropped"  # it was no longer the giver's when its turn came
    PASSED_ON = "passed_on"  # the taker left too, before checking it off: see that handover


class HandoverClock(StrEnum):
    # Subject: the employee.
    DRAFT = "handover.draft"
    FROZEN = "handover.frozen"
    # Subject: the handover.
    MOVE = "handover.move"
    LATE = "handover.late"
    REMIND = "handover.remind"


class Side(StrEnum):
    GIVER = "giver"
    TAKER = "taker"


GONE: Mapping[str, Cause] = {"departed": Cause.DEPARTED, "disabled": Cause.DISABLED}
UNMOVED = frozenset({HandoverState.OPENING, HandoverState.DRAFTED, HandoverState.MOVING})
PENDING = frozenset({ItemState.WAITING, ItemState.HELD})


class HandoverNotFound(NotFound):
    en = "There is no handover {handover_id}."
    zh = "交接单 {handover_id} 不存在。"


class ItemNotFound(NotFound):
    en = "The handover has no item {item_id} of yours."
    zh = "交接单中没有属于您的条目 {item_id}。"


class HandoverIsOver(FailedPrecondition):
    en = "The handover is {state}: this can't be done any more."
    zh = "交接单状态为 {state}，无法再执行该操作。"


class NotMovedYet(FailedPrecondition):
    en = "{name} has not moved to its new owner yet."
    zh = "{name} 尚未移交给新负责人。"


class NotYourSide(PermissionDenied):
    en = "Only the {side}, or the manager of somebody whose account is gone, checks this off."
    zh = "仅交接的{side_zh}可以确认；账号已失效的，由其经理代为确认。"


class FileIncomplete(FailedPrecondition):
    en = "The files lack what is named; fill it in, or accept the gaps."
    zh = "客户档案缺少所列内容，请补齐，或确认接受缺项。"


@dataclass(frozen=True)
class Known:
    """What the roster knows of an employee."""

    employee_id: str
    version: int
    name: str
    status: str
    unit: str
    team: str
    manager_id: str
    position: str
    duties: frozenset[str]

    @property
    def sells(self) -> bool:
        return "rep" in self.duties or (not self.duties and self.position == "sales_rep")


def cause_of(before: Known | None, now: Known) -> Cause | None:
    """Why what the employee owns has to go to others; None when it stays.

    On leave is no reason: the account comes back. A unit that gets another place in the tree with its manager is no
    move either: the team stays together.
    """
    if now.status in GONE:
        return GONE[now.status]
    if before is None or now.status == "frozen":
        return None
    other_team = before.unit not in ("", now.unit) and before.manager_id not in ("", now.manager_id)
    other_post = before.sells and not now.sells
    return Cause.MOVED if other_team or other_post else None


def has_come_back(cause: Cause, given_unit: str, given_manager: str, now: Known) -> bool:
    """Whether what the handover rests on is no longer so."""
    if cause is Cause.MOVED:
        return now.status not in GONE and now.sells and now.unit == given_unit and now.manager_id == given_manager
    return now.status in ("active", "on_leave")


def begins_to_freeze(before: Known | None, now: Known) -> bool:
    return now.status == "frozen" and (before is None or before.status != "frozen")
