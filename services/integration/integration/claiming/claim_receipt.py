"""A person says what the money is for (N4.1). Never more than is open on either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.errors import (
    ClaimExceedsReceipt,
    ClaimExceedsReceivable,
    FeeTooHigh,
    OtherCurrency,
    ReceiptNotFound,
    ReceivableNamedTwice,
    ReceivableNotFound,
)
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.record import Claiming, record_claims
from integration.claiming.rules import PERSON, Part, fee_cap
from integration.receipts import store as receipts
from integration.receipts.books_store import share_books
from integration.receivables import store as receivables


def claim_receipt(tx: Transaction, receipt_id: str, parts: Sequence[Part], policy: ClaimingPolicy) -> None:
    """Raises one of `errors`. The payer is known for the customer from now on."""
    share_books(tx)
    receipt = receipts.locked_receipt(tx, receipt_id)
    if receipt is None:
        raise ReceiptNotFound(receipt_id=receipt_id)
    due = receivables.locked(tx, [part.receivable_id for part in parts])
    _refuse_too_much(receipt, parts)
    for part in parts:
        _refuse_unfit(receipt, part, due.get(part.receivable_id), policy)
    draft = store.draft_of(tx, receipt_id)
    claims = record_claims(tx, [Claiming(receipt, parts, PERSON, 1.0, draft)], due)
    by_customer = sorted((due[part.receivable_id].customer_code, id_) for part, id_ in zip(parts, claims, strict=True))
    # In one order for everybody: two who teach the same payer for several customers wait for each other's rows.
    for customer, claim_id in by_customer:
        receivables.learn_payers(tx, [(customer, receipt.payer_name)], "person", claim_id)


def _refuse_too_much(receipt: Row[Any], parts: Sequence[Part]) -> None:
    ids = [part.receivable_id for part in parts]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise ReceivableNamedTwice(receivable_id=twice)
    asked, left = sum(part.fen for part in parts), receipt.amount_fen - receipt.claimed_fen
    if asked > left:
        raise ClaimExceedsReceipt(open=Money(left, receipt.currency), asked=Money(asked, receipt.currency))


def _refuse_unfit(receipt: Row[Any], part: Part, due: Row[Any] | None, policy: ClaimingPolicy) -> None:
    if due is None:
        raise ReceivableNotFound(receivable_id=part.receivable_id)
    if due.currency != receipt.currency:
        raise OtherCurrency(receipt=receipt.currency, receivable=due.currency)
    left = max(due.amount_fen - due.claimed_fen, 0)
    asked = part.fen + part.fee_fen
    if asked > left:
        raise ClaimExceedsReceivable(
            receivable_id=part.receivable_id, open=Money(left, due.currency), asked=Money(asked, due.currency)
        )
    most = fee_cap(asked, policy)
    if part.fee_fen > most:
        raise FeeTooHigh(fee=Money(part.fee_fen, due.currency), most=Money(most, due.currency))
