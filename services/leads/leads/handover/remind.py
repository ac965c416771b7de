"""Whoever has not done their part is reminded: the manager when the move is late, both sides until they check off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Deadline
from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.handover import store
from leads.handover.events import HandoverReminded
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import HandoverClock, HandoverState


def tell_late(tx: Transaction, deadline: Deadline) -> None:
    """Two hours are over, and something still has no new owner."""
    row = store.lock(tx, deadline.subject_id)
    counted = store.counts(tx, row.handover_id)
    if row.state in (HandoverState.DRAFTED.value, HandoverState.MOVING.value):
        _tell(tx, row, "late", (), counted.waiting + counted.held)


def remind(tx: Transaction, deadline: Deadline, policy: HandoverPolicy) -> None:
    """Again after so many hours, so many times."""
    row = store.lock(tx, deadline.subject_id)
    if row.state != HandoverState.MOVED.value or row.reminders >= policy.reminders:
        return
    counted = store.counts(tx, row.handover_id)
    _tell(tx, row, "check_off", store.takers(tx, row.handover_id, unchecked=True), counted.unsettled)
    store.change(tx, row.handover_id, reminders=row.reminders + 1)
    due = BusinessCalendar().add_wall_time_on_workdays(tx.now, policy.remind_after)
    tx.deadlines.start(HandoverClock.REMIND.value, row.handover_id, due)


def _tell(tx: Transaction, row: Row[Any], step: str, people: tuple[str, ...], left: int) -> None:
    tx.record(
        HandoverReminded(
            handover_id=row.handover_id,
            employee_id=row.employee_id,
            name=row.name,
            unit=row.unit,
            manager_id=row.manager_id,
            step=step,
            people=people,
            left=left,
            reminded_at=tx.now,
        )
    )
