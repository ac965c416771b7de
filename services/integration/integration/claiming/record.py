"""Writes a claim, or its undoing, with everything that follows. Receipt and receivables are locked by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.events import ReceiptClaimed, ReceiptUnclaimed
from integration.claiming.rules import Part, state_after
from integration.receipts import store as receipts
from integration.receivables import store as receivables


def record_claims(
    tx: Transaction,
    receipt: Row[Any],
    parts: Sequence[Part],
    due: dict[str, Row[Any]],
    *,
    method: str,
    confidence: float,
) -> list[str]:
    """Ids of the claims."""
    ids = []
    for part in parts:
        row = due[part.receivable_id]
        ids.append(_record(tx, receipt, row, part.fen, method, confidence))
        receivables.add_claimed(tx, part.receivable_id, part.fen)
    claimed = receipt.claimed_fen + sum(part.fen for part in parts)
    receipts.set_claimed(tx, receipt.id, claimed, state_after(receipt.amount_fen, claimed))
    return ids


def _record(tx: Transaction, receipt: Row[Any], due: Row[Any], fen: int, method: str, confidence: float) -> str:
    claim_id, actor = new_id(), tx.identity.subject
    whose = {
        name: getattr(due, name)
        for name in ("receivable_id", "contract_number", "customer_code", "customer_name", "salesperson_id")
    }
    store.add(
        tx,
        id=claim_id,
        receipt_id=receipt.id,
        **whose,
        amount_fen=fen,
        currency=receipt.currency,
        method=method,
        confidence=confidence,
        claimed_by=actor,
        claimed_at=tx.now,
    )
    amount = Money(fen, receipt.currency)
    tx.record(
        ReceiptClaimed(
            receipt_id=receipt.id,
            claim_id=claim_id,
            **whose,
            amount=amount,
            arrived_on=receipt.booked_on,
            method=method,
            claimed_by=actor,
        )
    )
    tx.audit(
        action="receipt.claim", entity="receipt", entity_id=receipt.id, after={**whose, "fen": fen, "method": method}
    )
    return claim_id


def record_undoing(tx: Transaction, receipt: Row[Any], claims: Sequence[Row[Any]], reason: str) -> None:
    """The receipt waits again for what the claims held."""
    for each in claims:
        store.undo(tx, each.id, tx.identity.subject, reason)
        receivables.add_claimed(tx, each.receivable_id, -each.amount_fen)
        receivables.forget_payers(tx, each.id)
        amount = Money(each.amount_fen, each.currency)
        tx.record(ReceiptUnclaimed(receipt.id, each.id, each.contract_number, amount, reason, tx.identity.subject))
        before = {"claim": each.id, "receivable_id": each.receivable_id, "fen": each.amount_fen, "method": each.method}
        tx.audit(action="receipt.unclaim", entity="receipt", entity_id=receipt.id, before=before, why=reason)
    claimed = receipt.claimed_fen - sum(each.amount_fen for each in claims)
    receipts.set_claimed(tx, receipt.id, claimed, state_after(receipt.amount_fen, claimed))
