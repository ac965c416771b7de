"""Put money that went back to the receipt it gives back; attainment and pay follow the claims (N4.2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.errors import (
    OtherCurrency,
    ReceiptNotFound,
    RefundAlreadyUsed,
    RefundExceedsReceipt,
    RefundNotFound,
)
from integration.claiming.record import Claiming, record_claims, record_undoing
from integration.claiming.record_refund import record_refund
from integration.claiming.refund_rules import Standing, to_take_back
from integration.claiming.rules import REFUND, Part
from integration.receipts import store as receipts
from integration.receipts.books_store import share_books
from integration.receivables import store as receivables

REASON = "given back to the customer"


def refund_receipt(tx: Transaction, receipt_id: str, refund_id: str) -> None:
    """Raises one of `errors`."""
    share_books(tx)
    receipt, refund = receipts.locked_receipt(tx, receipt_id), store.locked_refund(tx, refund_id)
    if receipt is None:
        raise ReceiptNotFound(receipt_id=receipt_id)
    if refund is None:
        raise RefundNotFound(refund_id=refund_id)
    claims = store.standing(tx, receipt_id)
    _refuse_unfit(receipt, refund, claims)
    excess = receipt.claimed_fen + refund.amount_fen - receipt.amount_fen
    if excess > 0:
        _take_back(tx, receipt, [each for each in claims if each.method != REFUND], excess)
    record_refund(tx, receipt_id, refund)


def _refuse_unfit(receipt: Row[Any], refund: Row[Any], claims: Any) -> None:
    if refund.claimed_fen:
        raise RefundAlreadyUsed(refund_id=refund.id)
    if refund.currency != receipt.currency:
        raise OtherCurrency(receipt=receipt.currency, receivable=refund.currency)
    left = receipt.amount_fen - sum(each.amount_fen for each in claims if each.method == REFUND)
    if refund.amount_fen > left:
        raise RefundExceedsReceipt(open=Money(left, receipt.currency), asked=Money(refund.amount_fen, refund.currency))


def _take_back(tx: Transaction, receipt: Row[Any], claims: Any, excess_fen: int) -> None:
    """The latest first; what is left of the last one is claimed anew in the same way."""
    latest = sorted(claims, key=lambda each: each.id, reverse=True)
    taken, stays = to_take_back([Standing(each.id, each.amount_fen) for each in latest], excess_fen)
    receivables.locked(tx, {each.receivable_id for each in claims})
    record_undoing(tx, receipt, [each for each in latest if each.id in taken], REASON)
    if stays is None:
        return
    kept = next(each for each in latest if each.id == stays.claim_id)
    draft, again = store.draft_of(tx, receipt.id), receipts.locked_entry(tx, receipt.id)
    part = Part(kept.receivable_id, stays.fen, kept.fee_fen)
    due = receivables.locked(tx, [kept.receivable_id])
    record_claims(tx, [Claiming(again, [part], kept.method, kept.confidence, draft)], due)
