"""A budget holds a slip and lets it go again (I2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.rule_library.policy import BonusPolicy
from incentives.slips import store
from incentives.slips.adjustment import hold_adjustment, release_adjustment
from incentives.slips.await_answer import await_answer
from incentives.slips.rules import Command, Role, SlipCreated, SlipHeld, State, step


def hold_slip(tx: Transaction, slip: Row[Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """`slip` is locked. Raises IllegalCommand."""
    _step(tx, slip, Command.HOLD, lines[-1]["text"] if lines else "")
    hold_adjustment(tx, slip)
    tx.deadlines.stop_all(slip.slip_id)
    tell_held(tx, slip, lines)


def release_slip(tx: Transaction, slip: Row[Any], policy: BonusPolicy) -> None:
    """It is to be confirmed from now on. `slip` is locked. Raises IllegalCommand."""
    _step(tx, slip, Command.RELEASE, "There is money in the budget.")
    release_adjustment(tx, slip)
    ask(tx, slip, policy)


def ask(tx: Transaction, slip: Row[Any], policy: BonusPolicy) -> None:
    """The beneficiary is told and waited for."""
    await_answer(tx, slip.slip_id, policy)
    tell_created(tx, slip)


def tell_created(tx: Transaction, slip: Row[Any]) -> None:
    tx.record(
        SlipCreated(
            slip.slip_id, slip.beneficiary_id, slip.beneficiary_name, slip.manager_id, slip.unit,
            Money(slip.amount_fen), slip.deal_key, slip.contract_number, slip.rule_id, slip.rule_version, slip.words,
            slip.words_zh, slip.customer_name, slip.signed_at,
        )
    )  # fmt: skip


def tell_held(tx: Transaction, slip: Row[Any], lines: Sequence[Mapping[str, Any]]) -> None:
    why = lines[-1] if lines else {"text": "", "text_zh": ""}
    tx.record(
        SlipHeld(
            slip.slip_id,
            slip.beneficiary_id,
            slip.manager_id,
            slip.unit,
            Money(slip.amount_fen),
            slip.deal_key,
            slip.rule_id,
            slip.customer_name,
            why["text"],
            why["text_zh"],
        )
    )


def _step(tx: Transaction, slip: Row[Any], command: Command, why: str) -> None:
    before = State(slip.state)
    after = step(before, command, Role.SYSTEM)
    store.change_slip(tx, slip.slip_id, {"state": after.value})
    tx.audit(
        action=f"slip.{command.value}", entity="slip", entity_id=slip.slip_id, before={"state": before.value},
        after={"state": after.value}, why=why,
    )  # fmt: skip
