"""The ledger's entries for what an appeal changes: it comes and goes, waits and is let go with its slip."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import EntryKind
from incentives.ledger.store import append, held_of_appeal


def book_adjustment(tx: Transaction, slip: Row[Any], fen: int) -> None:
    """What the slip was adjusted by."""
    _book(tx, slip, EntryKind.ADJUST, fen, "Adjusted", "调整")


def take_back_adjustment(tx: Transaction, slip: Row[Any]) -> None:
    release_adjustment(tx, slip)
    _book(tx, slip, EntryKind.ADJUST, -slip.adjusted_fen, "Taken back", "冲回")


def hold_adjustment(tx: Transaction, slip: Row[Any]) -> None:
    _book(tx, slip, EntryKind.HOLD, -slip.adjusted_fen, "Held", "暂缓")


def release_adjustment(tx: Transaction, slip: Row[Any]) -> None:
    """As much as is held."""
    _book(tx, slip, EntryKind.RELEASE, held_of_appeal(tx, slip.slip_id), "Let go", "释放")


def _book(tx: Transaction, slip: Row[Any], kind: EntryKind, fen: int, en: str, zh: str) -> None:
    if not fen:
        return
    entry = {
        "entry_id": new_id(),
        "employee_id": slip.beneficiary_id,
        "kind": kind.value,
        "amount_fen": fen,
        "slip_id": slip.slip_id,
        "deal_key": slip.deal_key,
        "rule_id": slip.rule_id,
        "effective_at": tx.now,
        "booked_at": tx.now,
        "text": f"{en}: what an appeal brought for {slip.deal_key}, {slip.customer_name}.",
        "text_zh": f"{zh}（申诉调整部分）：合同/订单 {slip.deal_key}，{slip.customer_name}。",
        "of_appeal": True,
    }
    append(tx, [entry])
