"""A slip that stands no more is disputed by nobody."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.appeals import store
from incentives.slips.rules import Command, State


def drop_appeal(tx: Transaction, slip_id: str, why: str) -> None:
    """The slip is locked, and taken back in this transaction."""
    appeal = store.load_appeal(tx, slip_id)
    if appeal is not None and appeal.closed_at is None:
        store.change_appeal(tx, appeal.appeal_id, {"closed_at": tx.now, "due_at": None})
        store.add_step(tx, appeal, Command.CANCEL, State.CANCELLED, note=why)
