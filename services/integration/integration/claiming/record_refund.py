"""Writes that a refund takes its part of a receipt, or no more. Both entries are locked by the caller."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.rules import REFUND, state_after
from integration.receipts import store as receipts


def record_refund(tx: Transaction, receipt_id: str, refund: Row[Any]) -> None:
    """A refund is a claim on the receipt that no receivable gains, so nobody can claim the money again."""
    row = {
        "id": new_id(),
        "receipt_id": receipt_id,
        "receivable_id": refund.id,
        "contract_number": "",
        "customer_code": "",
        "customer_name": refund.payer_name,
        "salesperson_id": "",
        "amount_fen": refund.amount_fen,
        "fee_fen": 0,
        "currency": refund.currency,
        "method": REFUND,
        "confidence": 1.0,
        "claimed_by": tx.identity.subject,
        "claimed_at": tx.now,
    }
    store.add(tx, [row])
    receipt = receipts.locked_entry(tx, receipt_id)
    claimed = receipt.claimed_fen + refund.amount_fen
    state = state_after(receipt.amount_fen, claimed)
    store.settle_receipts(
        tx,
        [store.Settled(receipt_id, claimed, state), store.Settled(refund.id, refund.amount_fen, "none")],
    )
    after = {"refund_id": refund.id, "fen": refund.amount_fen}
    tx.audit(action="receipt.refund", entity="receipt", entity_id=receipt_id, after=after)


def release_refund(tx: Transaction, claim: Row[Any], reason: str) -> None:
    """It may be put to another receipt."""
    store.settle_receipts(tx, [store.Settled(claim.receivable_id, 0, "none")])
    before = {"claim": claim.id, "refund_id": claim.receivable_id, "fen": claim.amount_fen}
    tx.audit(action="receipt.unrefund", entity="receipt", entity_id=claim.receipt_id, before=before, why=reason)
