"""How a handover ends: checked off by both sides, with nothing in it, or because the employee came back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.handover import store
from leads.handover.events import HandoverClosed
from leads.handover.report_rules import seconds_between
from leads.handover.rules import HandoverClock, HandoverState


def close_when_settled(tx: Transaction, row: Row[Any]) -> bool:
    """The handover is locked; `row` as it is stored now. Closed when both sides have checked off everything."""
    counted = store.counts(tx, row.handover_id)
    if row.state != HandoverState.MOVED.value or counted.unsettled:
        return False
    _end(tx, row, HandoverState.CLOSED, "done", counted.moved, row.moved_at)
    return True


def close_empty(tx: Transaction, row: Row[Any]) -> None:
    """The giver has nothing, or nothing was the giver's any more when it moved."""
    _end(tx, row, HandoverState.CLOSED, "nothing", 0, None)


def cancel(tx: Transaction, row: Row[Any]) -> None:
    """The employee came back before anything moved: everything stays where it is."""
    _end(tx, row, HandoverState.CANCELLED, "cancelled", 0, None)
    tx.audit(
        action="handover.cancel",
        entity="handover",
        entity_id=row.handover_id,
        after={"employee_id": row.employee_id},
        why="the employee came back",
    )


def _end(
    tx: Transaction, row: Row[Any], state: HandoverState, outcome: str, moved: int, moved_at: datetime | None
) -> None:
    tx.deadlines.stop_all(row.handover_id)
    if row.state == HandoverState.OPENING.value:
        tx.deadlines.stop(HandoverClock.DRAFT.value, row.employee_id)
    store.change(tx, row.handover_id, state=state.value, closed_at=tx.now)
    tx.record(
        HandoverClosed(
            handover_id=row.handover_id,
            employee_id=row.employee_id,
            name=row.name,
            unit=row.unit,
            manager_id=row.manager_id,
            outcome=outcome,
            moved=moved,
            seconds_to_move=seconds_between(row.opened_at, moved_at),
            seconds_to_check_off=seconds_between(moved_at, tx.now),
            closed_at=tx.now,
        )
    )
