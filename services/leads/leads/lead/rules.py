"""A lead's states and the commands that each allows (LD1.7): one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.errors import IllegalCommand
from chassis.kernel.money import Money


class State(StrEnum):
    NEW = "new"
    HELD = "held"  # nobody could be verified
    QUEUED = "queued"  # nobody had capacity
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    CONVERTED = "converted"
    DISQUALIFIED = "disqualified"
    RECYCLED = "recycled"  # in the public pool (公海)
    WITHDRAWN = "withdrawn"  # its import was reverted
    MERGED = "merged"  # another lead goes on for it


class Command(StrEnum):
    HOLD = "hold"
    QUEUE = "queue"
    ASSIGN = "assign"
    ACCEPT = "accept"
    RECORD_CONTACT = "record contact"
    CONVERT = "convert"
    DISQUALIFY = "disqualify"
    RECYCLE = "recycle"
    RECALL = "recall"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    MERGE = "merge"
    UNMERGE = "un-merge"


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"


_WAITING = {
    Command.HOLD: State.HELD,
    Command.QUEUE: State.QUEUED,
    Command.ASSIGN: State.ASSIGNED,
    Command.DISQUALIFY: State.DISQUALIFIED,
    Command.WITHDRAW: State.WITHDRAWN,
    Command.MERGE: State.MERGED,
}
_OWNED = {
    Command.ASSIGN: State.ASSIGNED,  # override by a manager
    Command.RECORD_CONTACT: State.CONTACTED,
    Command.DISQUALIFY: State.DISQUALIFIED,
    Command.RECYCLE: State.RECYCLED,
    Command.MERGE: State.MERGED,
    Command.RELEASE: State.RECYCLED,  # by its owner, with a reason
    Command.RECALL: State.NEW,  # goes through the automatic assignment again
}

# State → command → state after. What is not here is refused.
TRANSITIONS: dict[State, dict[Command, State]] = {
    State.NEW: _WAITING,
    State.HELD: _WAITING,
    State.QUEUED: _WAITING,
    State.ASSIGNED: {**_OWNED, Command.ACCEPT: State.ACCEPTED, Command.WITHDRAW: State.WITHDRAWN},
    State.ACCEPTED: {**_OWNED, Command.CONVERT: State.CONVERTED},
    State.CONTACTED: {**_OWNED, Command.CONVERT: State.CONVERTED},
    State.RECYCLED: {
        Command.ASSIGN: State.ASSIGNED,
        Command.REOPEN: State.NEW,  # re-screened: goes through the automatic assignment again
        Command.DISQUALIFY: State.DISQUALIFIED,
        Command.WITHDRAW: State.WITHDRAWN,
        Command.MERGE: State.MERGED,
    },
    State.DISQUALIFIED: {Command.REOPEN: State.NEW},
    State.CONVERTED: {},
    State.WITHDRAWN: {},
    State.MERGED: {Command.UNMERGE: State.NEW},  # and on to its owner, when the probe lets it
}

WAITING = frozenset({State.NEW, State.HELD, State.QUEUED})
OWNED = frozenset({State.ASSIGNED, State.ACCEPTED, State.CONTACTED})
OPEN = WAITING | OWNED | {State.RECYCLED}
# No leads of their own any more: counted nowhere.
GONE = {State.WITHDRAWN, State.MERGED}


def after(state: State, command: Command) -> State:
    """The state after a command. Raises IllegalCommand with the allowed ones named."""
    allowed = TRANSITIONS[state]
    if command not in allowed:
        raise IllegalCommand(command=command, state=state, allowed=[each.value for each in allowed])
    return allowed[command]


def counts_as(grade: Grade | None) -> Grade:
    """An ungraded lead counts as C (LD1.1)."""
    return grade or Grade.C


@dataclass(frozen=True)
class Position:
    """Degrees, WGS-84 unless the field that holds it says otherwise."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Qualification:
    """What decides the grade; None and empty mean not known."""

    first_touch_due_hours: int | None = None
    budget: Money | None = None
    budget_confirmed: bool | None = None
    decision_chain: tuple[str, ...] = ()

    def completed_by(self, other: Qualification) -> Qualification:
        """What `other` knows replaces what this knows; the rest stays."""
        return Qualification(
            self.first_touch_due_hours if other.first_touch_due_hours is None else other.first_touch_due_hours,
            other.budget or self.budget,
            self.budget_confirmed if other.budget_confirmed is None else other.budget_confirmed,
            other.decision_chain or self.decision_chain,
        )


@dataclass(frozen=True)
class Lead:
    """A lead as it is stored. Times are aware UTC."""

    lead_id: str
    state: State
    company_name: str
    name_key: str
    channel: str
    captured_at: datetime
    last_touch_at: datetime
    grade: Grade | None = None
    contact_name: str = ""
    phone: str = ""
    uscc: str = ""
    wecom_external_id: str = ""
    industry: str = ""
    province: str = ""
    city: str = ""
    position: Position | None = None
    original_position: Position | None = None
    original_datum: str = ""
    qualification: Qualification = field(default_factory=Qualification)
    need: str = ""
    owner_id: str = ""
    unit: str = ""
    customer_id: str | None = None
    opportunity_id: str | None = None
    yellow: bool = False
    reason: str = ""
    reason_zh: str = ""
    touches: int = 1
    bounces: int = 0
    recalls: int = 0
    waiting_since: datetime | None = None
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    first_contact_at: datetime | None = None
    last_effective_action_at: datetime | None = None
    recycle_due_at: datetime | None = None
    hint_lead_id: str | None = None
    import_id: str | None = None
    merged_into: str | None = None
    parent_lead_id: str | None = None
    version: int = 1

    @property
    def etag(self) -> str:
        return str(self.version)


Changes = dict[str, Any]
