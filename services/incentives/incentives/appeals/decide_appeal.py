"""Uphold, partly uphold or reject; finance books what was decided."""

from __future__ import annotations

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.appeals import store
from incentives.appeals.case import Case, lock_case, reload, take_step
from incentives.appeals.escalate_appeal import LEVEL
from incentives.appeals.rules import SlipAdjusted, SlipDecided, award
from incentives.rule_library.policy import BonusPolicy
from incentives.slips.adjustment import book_adjustment
from incentives.slips.await_answer import await_answer
from incentives.slips.rules import Command, Role


def decide_appeal(
    tx: Transaction, slip_id: str, etag: str, command: Command, said: int | None, reason: str, policy: BonusPolicy
) -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotTheDecider, OwnPay, IllegalCommand, InvalidInput."""
    case = lock_case(tx, slip_id, etag)
    decided = take_step(
        tx, case, command, note=reason, appeal={"decided_by": tx.identity.subject, "due_at": None}
    )  # fmt: skip
    fen = award(command, case.slip.amount_fen, case.opened.claimed_fen, said, policy.largest_bonus_fen)
    decided = _remember(tx, decided, fen)
    tx.deadlines.stop(LEVEL, slip_id)
    if command is Command.REJECT:
        await_answer(tx, slip_id, policy)
    slip, appeal = decided.slip, decided.opened
    tx.record(
        SlipDecided(
            slip_id, appeal.appeal_id, slip.beneficiary_id, slip.beneficiary_name, slip.unit, slip.customer_name,
            slip.state, decided.amount, None if fen is None else Money(fen), appeal.level, tx.identity.subject, reason,
            tx.now,
        )
    )  # fmt: skip
    return decided


def _remember(tx: Transaction, case: Case, fen: int | None) -> Case:
    store.change_appeal(tx, case.opened.appeal_id, {"awarded_fen": fen})
    return reload(tx, case)


def adjust_slip(tx: Transaction, slip_id: str, etag: str, policy: BonusPolicy) -> Case:
    """The slip comes to what was awarded, and waits for its beneficiary again.

    Raises SlipNotFound, AppealNotFound, EtagMismatch, SecondPersonNeeded, IllegalCommand.
    """
    case = lock_case(tx, slip_id, etag)
    before, awarded = case.slip, case.opened.awarded_fen or 0
    change = awarded - before.amount_fen
    new = {"amount_fen": awarded, "adjusted_fen": before.adjusted_fen + change}
    adjusted = take_step(tx, case, Command.ADJUST, slip=new)
    shown = take_step(tx, adjusted, Command.SHOW_AGAIN, roles={Role.SYSTEM})
    book_adjustment(tx, before, change)
    await_answer(tx, slip_id, policy)
    tx.record(
        SlipAdjusted(
            slip_id, case.opened.appeal_id, before.beneficiary_id, before.customer_name, Money(before.amount_fen),
            Money(awarded), tx.now,
        )
    )  # fmt: skip
    return shown
