"""The clock of a beneficiary who owes an answer: reminders, then silence is consent (I3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.deadlines import Start
from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from incentives.rule_library.policy import BonusPolicy

ANSWER = "slip.answer"
CALENDAR = BusinessCalendar()


def await_answer(tx: Transaction, slip_id: str, policy: BonusPolicy, reminded: int = 0) -> None:
    """Starts or moves the clock; the slip's row is locked. Counted from now, so that a reminder sent late shortens
    nobody's time."""
    tx.deadlines.start(ANSWER, slip_id, answer_due(tx.now, policy, reminded), {"reminded": reminded})


def await_answers(tx: Transaction, slip_ids: Sequence[str], policy: BonusPolicy) -> None:
    """As `await_answer`, of slips that are new."""
    due = answer_due(tx.now, policy, 0)
    tx.deadlines.start_all([Start(ANSWER, each, due, {"reminded": 0}) for each in slip_ids])


def answer_due(since: datetime, policy: BonusPolicy, reminded: int) -> datetime:
    """When the next reminder is due, or the silence over."""
    pauses = (*policy.reminder_hours, policy.silence_hours)
    return CALENDAR.add_shift_time(since, timedelta(hours=pauses[min(reminded, len(pauses) - 1)]))


def silence_over(since: datetime, policy: BonusPolicy, reminded: int) -> datetime:
    """When the slip is confirmed if nobody ever answers."""
    pauses = (*policy.reminder_hours, policy.silence_hours)[reminded:]
    return CALENDAR.add_shift_time(since, timedelta(hours=sum(pauses)))
