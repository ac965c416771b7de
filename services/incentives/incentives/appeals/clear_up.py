"""Question and answer: the level's clock stands still while the beneficiary is asked (I3.1)."""

from __future__ import annotations

from datetime import timedelta

from chassis.unit_of_work import Transaction
from incentives.appeals.case import Case, lock_case, take_step
from incentives.appeals.escalate_appeal import LEVEL
from incentives.appeals.policy import AppealPolicy
from incentives.appeals.rules import AppealInfoAsked, AppealInfoGiven, left_at, resumed
from incentives.rule_library.policy import BonusPolicy
from incentives.slips.await_answer import ANSWER, await_answer
from incentives.slips.rules import Command


def ask_info(
    tx: Transaction, slip_id: str, etag: str, question: str, policy: AppealPolicy, bonuses: BonusPolicy
) -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotTheDecider, OwnPay, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    left = left_at(tx.now, case.opened.due_at or tx.now, policy)
    stopped = {"due_at": None, "left_seconds": round(left.total_seconds())}
    asked = take_step(tx, case, Command.ASK_INFO, note=question, appeal=stopped)
    tx.deadlines.stop(LEVEL, slip_id)
    await_answer(tx, slip_id, bonuses)
    slip = asked.slip
    tx.record(
        AppealInfoAsked(
            slip_id, asked.opened.appeal_id, slip.beneficiary_id, slip.customer_name, question, tx.now
        )
    )  # fmt: skip
    return asked


def give_info(tx: Transaction, slip_id: str, etag: str, answer: str, file_id: str, policy: AppealPolicy) -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotYourSlip, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    due_at = resumed(tx.now, timedelta(seconds=case.opened.left_seconds or 0), policy)
    goes_on = {"due_at": due_at, "left_seconds": None}
    given = take_step(tx, case, Command.GIVE_INFO, note=answer, file_id=file_id, appeal=goes_on)
    tx.deadlines.stop(ANSWER, slip_id)
    tx.deadlines.start(LEVEL, slip_id, due_at)
    slip, appeal = given.slip, given.opened
    tx.record(
        AppealInfoGiven(
            slip_id, appeal.appeal_id, slip.beneficiary_name, slip.customer_name, appeal.decider_id, answer, due_at,
            tx.now,
        )
    )  # fmt: skip
    return given
