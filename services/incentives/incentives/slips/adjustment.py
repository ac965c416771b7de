"""The ledger's entry for what an appeal changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import EntryKind


def adjustment(tx: Transaction, slip: Row[Any], fen: int, en: str, zh: str) -> dict[str, Any]:
    return {
        "entry_id": new_id(),
        "employee_id": slip.beneficiary_id,
        "kind": EntryKind.ADJUST.value,
        "amount_fen": fen,
        "slip_id": slip.slip_id,
        "deal_key": slip.deal_key,
        "rule_id": slip.rule_id,
        "effective_at": tx.now,
        "booked_at": tx.now,
        "text": f"{en} by appeal for {slip.deal_key}, {slip.customer_name}.",
        "text_zh": f"申诉{zh}：合同/订单 {slip.deal_key}，{slip.customer_name}。",
    }
