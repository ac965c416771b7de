"""The beneficiary gives an appeal up or accepts the rejection; silence does the same (I3.2)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.appeals.case import Case, lock_case, reload, take_step
from incentives.appeals.rules import AppealWithdrawn
from incentives.rule_library.policy import BonusPolicy
from incentives.slips.await_answer import await_answer, silence_over
from incentives.slips.confirm_slip import set_confirmed
from incentives.slips.rules import Command, Role, SlipReminded, State, step_as

SILENCE = "no answer after the reminders"
OWES_AN_ANSWER = {State.PENDING, State.INFO_NEEDED, State.REJECTED, State.REJECTED_AGAIN}


def withdraw_appeal(tx: Transaction, slip_id: str, etag: str = "", why: str = "") -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotYourSlip, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    withdrawn = take_step(tx, case, Command.WITHDRAW, note=why)
    slip, appeal = withdrawn.slip, withdrawn.opened
    tx.record(
        AppealWithdrawn(
            slip_id, appeal.appeal_id, slip.beneficiary_name, slip.customer_name, appeal.decider_id
        )
    )  # fmt: skip
    return _confirm(tx, withdrawn, Command.CLOSE, why, {Role.SYSTEM})


def accept_rejection(tx: Transaction, slip_id: str, etag: str = "", why: str = "") -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotYourSlip, IllegalCommand."""
    return _confirm(tx, lock_case(tx, slip_id, etag), Command.ACCEPT, why, None)


def _confirm(tx: Transaction, case: Case, command: Command, why: str, roles: set[Role] | None) -> Case:
    confirmed = take_step(tx, case, command, roles=roles, note=why)
    set_confirmed(tx, confirmed.slip, confirmed.state, why)
    return reload(tx, confirmed)


def remind_or_confirm(tx: Transaction, slip_id: str, reminded: int, policy: BonusPolicy) -> None:
    """The handler of the beneficiary's clock."""
    case = lock_case(tx, slip_id)
    if case.state not in OWES_AN_ANSWER:
        return
    if reminded >= len(policy.reminder_hours):
        _consent(tx, case)
        return
    slip, number = case.slip, reminded + 1
    over = silence_over(tx.now, policy, number)
    tx.record(SlipReminded(slip_id, slip.beneficiary_id, slip.customer_name, case.amount, number, over))
    await_answer(tx, slip_id, policy, number)


def _consent(tx: Transaction, case: Case) -> None:
    slip_id = case.slip.slip_id
    match case.state:
        case State.PENDING:
            set_confirmed(tx, case.slip, step_as(case.state, Command.CONFIRM, {Role.SYSTEM}), SILENCE)
        case State.INFO_NEEDED:
            withdraw_appeal(tx, slip_id, why=SILENCE)
        case _:
            accept_rejection(tx, slip_id, why=SILENCE)
