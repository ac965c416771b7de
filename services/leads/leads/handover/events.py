"""What happened to a handover; named and shaped like the messages of events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class HandoverOpened:
    """The package is drafted; it moves at `move_due_at` unless it is released earlier."""

    handover_id: str
    employee_id: str
    name: str
    unit: str
    manager_id: str
    cause: str
    customers: int
    leads: int
    promises: int
    move_due_at: datetime
    opened_at: datetime


@dataclass(frozen=True)
class HandoverMoved:
    """Nothing waits any more; `held` found nobody yet and is tried again."""

    handover_id: str
    employee_id: str
    name: str
    unit: str
    manager_id: str
    taker_ids: tuple[str, ...]
    moved: int
    held: int
    moved_at: datetime


@dataclass(frozen=True)
class HandoverReminded:
    """`step`: late (items have no new owner in time) or check_off. `people`: takers who have not checked off."""

    handover_id: str
    employee_id: str
    name: str
    unit: str
    manager_id: str
    step: str
    people: tuple[str, ...]
    left: int
    reminded_at: datetime


@dataclass(frozen=True)
class HandoverClosed:
    """`outcome`: done, nothing (there was nothing to hand over), cancelled (the employee came back). Seconds of
    business time; absent when nothing moved."""

    handover_id: str
    employee_id: str
    name: str
    unit: str
    manager_id: str
    outcome: str
    moved: int
    seconds_to_move: int | None
    seconds_to_check_off: int | None
    closed_at: datetime
