"""A booking that the bank no longer tells counts for nothing (N1.3). Claims on it are undone by the caller before."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from integration.receipts import store
from integration.receipts.rules import ReceiptCorrected

WHY = "no longer told by the bank"


def withdraw(tx: Transaction, entry_ids: Sequence[str]) -> None:
    """Their amount becomes nothing; told again, they are corrected back to what is said then."""
    for entry_id in sorted(entry_ids):
        row = store.locked_entry(tx, entry_id)
        gone = {"amount_fen": 0, "claimed_fen": 0, "state": store.WITHDRAWN, "content_hash": b""}
        store.change_entry(tx, entry_id, gone | {"reason": WHY, "reason_zh": "银行更正后的对账单已无此笔"})
        tx.record(ReceiptCorrected(entry_id, "amount_fen", str(row.amount_fen), "0"))
        before = {"fen": row.amount_fen, "credit": row.credit, "state": row.state}
        tx.audit(action="receipt.withdraw", entity="receipt", entity_id=entry_id, before=before, why=WHY)
