"""Take a bonus back, by a slip of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.slips import store
from incentives.slips.adjustment import take_back_adjustment
from incentives.slips.rules import SlipClawedBack, State, after_taking_back

KEPT = (
    "deal_key", "contract_number", "order_id", "rule_id", "rule_version", "words", "words_zh", "beneficiary_id",
    "beneficiary_name", "manager_id", "unit", "customer_name", "order_fen", "signed_at", "evidence", "lines",
)  # fmt: skip


def take_back(tx: Transaction, original: Row[Any], why: str, why_zh: str) -> str:
    """Id of the claw-back. `original` is locked and stands."""
    before = State(original.state)
    after, claw_back = after_taking_back(before)
    store.change_slip(tx, original.slip_id, {"state": after.value, "taken_back_at": tx.now})
    slip_id, amount = new_id(), Money(-original.amount_fen)
    copied = {name: getattr(original, name) for name in KEPT}
    values = copied | {
        "slip_id": slip_id,
        "state": claw_back.value,
        "amount_fen": amount.fen,
        "formula": why,
        "formula_zh": why_zh,
        "created_at": tx.now,
        "original_slip_id": original.slip_id,
    }
    store.insert_slips(tx, [values])
    # Nobody is waited for any more.
    tx.deadlines.stop_all(original.slip_id)
    # What an appeal brought goes with the slip; the rest is booked by the recalculation.
    take_back_adjustment(tx, original)
    tx.record(
        SlipClawedBack(
            slip_id, original.slip_id, original.beneficiary_id, original.manager_id, original.unit, amount, why, why_zh
        )
    )
    tx.audit(
        action="slip.take_back", entity="slip", entity_id=original.slip_id, before={"state": before.value},
        after={"state": after.value, "claw_back": slip_id}, why=why,
    )  # fmt: skip
    return slip_id
