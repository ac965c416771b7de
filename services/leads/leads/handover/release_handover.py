"""Ownership may move: its time has come, or a manager lets it go earlier (LD10.1). It moves in the background."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.handover import package_store, store
from leads.handover.list_store import load_managed
from leads.handover.rules import Cause, HandoverClock, HandoverIsOver, HandoverState


def release_due(tx: Transaction, deadline: Deadline) -> None:
    row = store.lock(tx, deadline.subject_id)
    if row.state == HandoverState.DRAFTED.value:
        _release(tx, row, "")


def release_handover(tx: Transaction, handover_id: str, reason: str) -> None:
    """Releasing twice changes nothing. Raises HandoverNotFound, HandoverIsOver."""
    load_managed(tx, handover_id)
    row = store.lock(tx, handover_id)
    if row.state in (HandoverState.MOVING.value, HandoverState.MOVED.value):
        return
    if row.state != HandoverState.DRAFTED.value:
        raise HandoverIsOver(state=row.state)
    tx.deadlines.stop(HandoverClock.MOVE.value, handover_id)
    tx.audit(action="handover.release", entity="handover", entity_id=handover_id, why=reason)
    _release(tx, row, tx.identity.subject)


def _release(tx: Transaction, row: Row[Any], by: str) -> None:
    """What came to the giver since the package was drafted goes too; of who works on elsewhere, only leads from
    before: a customer that came since is the new team's.
    """
    if row.cause == Cause.MOVED.value:
        package_store.draft_leads(tx, row.handover_id, row.employee_id, row.opened_at)
    else:
        package_store.draft(tx, row.handover_id, row.employee_id)
    store.change(tx, row.handover_id, state=HandoverState.MOVING.value, released_at=tx.now, released_by=by)
