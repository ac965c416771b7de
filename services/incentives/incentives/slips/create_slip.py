"""Ask reps to confirm bonuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.audit import Entry
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.telemetry import trace_id
from chassis.unit_of_work import Transaction
from incentives.rule_library.policy import BonusPolicy
from incentives.slips import store
from incentives.slips.await_answer import await_answers
from incentives.slips.causes import Causes
from incentives.slips.hold_slip import tell_created, tell_held
from incentives.slips.rules import State


@dataclass(frozen=True)
class NewSlip:
    deal_key: str
    contract_number: str
    order_id: str
    rule_id: str
    rule_version: int
    words: str
    words_zh: str
    beneficiary_id: str
    beneficiary_name: str
    manager_id: str
    unit: str
    amount: Money
    formula: str
    formula_zh: str
    customer_name: str
    order_amount: Money
    signed_at: datetime
    evidence: Sequence[str]
    lines: Sequence[Mapping[str, Any]] = ()
    # A budget is exhausted: it is asked for when money is there.
    held: bool = False


def create_slips(tx: Transaction, new: Sequence[NewSlip], policy: BonusPolicy, causes: Causes) -> list[str]:
    """Their ids, in order. The index refuses a second that stands for the same deal, rule and beneficiary."""
    if not new:
        return []
    values = [_values(tx, each) for each in new]
    slips = store.insert_slips(tx, values)
    await_answers(tx, [slip.slip_id for slip, each in zip(slips, new, strict=True) if not each.held], policy)
    entries = []
    for slip, each, after in zip(slips, new, values, strict=True):
        with causes.of(slip.deal_key):
            if each.held:
                tell_held(tx, slip, each.lines)
            else:
                tell_created(tx, slip)
            entries.append(
                Entry("slip.create", "slip", slip.slip_id, after=after, why=each.formula, trace_id=trace_id())
            )
    tx.audit_all(entries)
    return [slip.slip_id for slip in slips]


def _values(tx: Transaction, new: NewSlip) -> dict[str, Any]:
    return {
        "slip_id": new_id(),
        "state": (State.HELD if new.held else State.PENDING).value,
        "deal_key": new.deal_key,
        "contract_number": new.contract_number,
        "order_id": new.order_id,
        "rule_id": new.rule_id,
        "rule_version": new.rule_version,
        "words": new.words,
        "words_zh": new.words_zh,
        "beneficiary_id": new.beneficiary_id,
        "beneficiary_name": new.beneficiary_name,
        "manager_id": new.manager_id,
        "unit": new.unit,
        "amount_fen": new.amount.fen,
        "formula": new.formula,
        "formula_zh": new.formula_zh,
        "customer_name": new.customer_name,
        "order_fen": new.order_amount.fen,
        "signed_at": new.signed_at,
        "created_at": tx.now,
        "evidence": list(new.evidence),
        "lines": list(new.lines),
    }
