"""Take a claim back; attainment and pay follow the event (N4.2)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.errors import ClaimAlreadyUndone, ClaimNotFound
from integration.claiming.record import record_undoing
from integration.claiming.rules import REFUND
from integration.receipts import store as receipts
from integration.receipts.books_store import share_books
from integration.receivables import store as receivables

EN = "a person took a claim back"
ZH = "人工撤销了认领"


def undo_claim(tx: Transaction, claim_id: str, reason: str) -> str:
    """The receipt's id. It waits for a person now: no rule claims it again in the same way by itself."""
    share_books(tx)
    found = store.claim_of(tx, claim_id)
    if found is None:
        raise ClaimNotFound(claim_id=claim_id)
    receipt = receipts.locked_receipt(tx, found.receipt_id)
    receivables.locked(tx, [found.receivable_id])
    standing = [each for each in store.standing(tx, found.receipt_id) if each.id == claim_id]
    if receipt is None or not standing:
        raise ClaimAlreadyUndone(claim_id=claim_id)
    record_undoing(tx, receipt, standing, reason)
    store.explain(tx, [(found.receipt_id, EN, ZH)])
    receipts.leave_to_people(tx, found.receipt_id)
    if found.method == REFUND:
        receipts.leave_to_people(tx, found.receivable_id)
    return str(found.receipt_id)
