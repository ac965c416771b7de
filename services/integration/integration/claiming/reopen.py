"""The bank corrected the money itself: claims on it can't stand; it is matched anew."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.record import record_undoing
from integration.receipts import store as receipts
from integration.receivables import store as receivables

REASON = "corrected by the bank"


def reopen(tx: Transaction, receipt_ids: Sequence[str]) -> None:
    for receipt_id in sorted(receipt_ids):
        receipt = receipts.locked_entry(tx, receipt_id)
        claims = store.standing(tx, receipt_id)
        if claims:
            receivables.locked(tx, {each.receivable_id for each in claims})
            record_undoing(tx, receipt, claims, REASON)
            if not receipt.credit:
                receipts.set_claimed(tx, receipt_id, 0, "none")
