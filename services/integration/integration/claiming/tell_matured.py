"""A draft matures: what it was claimed for counts from now on (N4.2)."""

from __future__ import annotations

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.draft_rules import counts_on
from integration.claiming.record import told
from integration.receipts import store as receipts


def tell_matured(tx: Transaction, due: Deadline) -> None:
    """Claims taken back meanwhile were never told."""
    receipt = receipts.locked_entry(tx, due.subject_id)
    day = counts_on(receipt.booked_on, store.draft_of(tx, receipt.id))
    for event in told([dict(row._mapping) for row in store.standing(tx, receipt.id)], day):
        tx.record(event)
