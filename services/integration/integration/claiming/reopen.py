"""The bank corrected the money itself: claims on it, or that it takes as a refund, can't stand; it is matched anew."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.record import record_undoing
from integration.receipts import store as receipts
from integration.receipts.take_statement import state
from integration.receivables import store as receivables

REASON = "corrected by the bank"


def reopen(tx: Transaction, entry_ids: Sequence[str]) -> None:
    """`entry_ids`: money in or out."""
    for entry_id in sorted(entry_ids):
        entry = receipts.locked_entry(tx, entry_id)
        given_back = _give_back(tx, entry_id)
        claims = store.standing(tx, entry_id)
        if claims:
            receivables.locked(tx, {each.receivable_id for each in claims})
            record_undoing(tx, entry, claims, REASON)
        if claims or given_back:
            receipts.set_claimed(tx, entry_id, 0, state(receipts.entry_of(entry)))


def _give_back(tx: Transaction, refund_id: str) -> bool:
    """What this entry took of a receipt waits there again."""
    claims = store.claims_of_refund(tx, refund_id)
    for each in claims:
        record_undoing(tx, receipts.locked_entry(tx, each.receipt_id), [each], REASON)
    return bool(claims)
