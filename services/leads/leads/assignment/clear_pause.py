"""A manager lets a paused rep have leads again (LD4.5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.assignment import concentration_store as store
from leads.lead.events import RepPauseCleared
from leads.roster import store as roster


def clear_pause(tx: Transaction, pause_id: str, reason: str) -> Row[Any]:
    """Counting starts anew. Raises PauseNotFound. Cleared already: nothing changes."""
    employee_id = store.load(tx, pause_id).employee_id
    roster.lock_rep(tx, employee_id)
    found = store.load(tx, pause_id)
    if found.cleared_at is not None:
        return found
    store.clear(tx, pause_id, employee_id, reason)
    tx.audit(
        action="rep.pause_clear",
        entity="rep",
        entity_id=employee_id,
        before={"paused_at": str(found.paused_at), "share": found.share},
        after={"counted_from": str(tx.now)},
        why=reason,
    )
    tx.record(RepPauseCleared(employee_id, pause_id, tx.identity.subject, reason, tx.now))
    return store.load(tx, pause_id)
