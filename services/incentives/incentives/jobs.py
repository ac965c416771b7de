"""Repeated and dated work → use case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from chassis.deadline_runner import Handler
from chassis.deadlines import Deadline
from chassis.jobs import Job
from chassis.unit_of_work import Transaction, UnitOfWork
from incentives.appeals.end_appeal import remind_or_confirm
from incentives.appeals.escalate_appeal import LEVEL, escalate_appeal
from incentives.appeals.policy import AppealPolicy
from incentives.deals.apply_budget import BUDGET, settle_budget
from incentives.deals.check_books import check_books
from incentives.deals.derive_deals import SETTLE
from incentives.deals.settle_deals import Settlement, settle_deals
from incentives.slips.await_answer import ANSWER

# At once after a roll-out, and again when no older process can be left of it.
JOBS: list[Job[UnitOfWork]] = [Job("books.check", run=check_books, every=timedelta(hours=6))]


def deadlines(settlement: Settlement, appeals: Callable[[], AppealPolicy]) -> dict[str, Handler]:
    def settle(tx: Transaction, deadline: Deadline) -> None:
        settle_deals(tx, [deadline.subject_id], settlement)

    def answer(tx: Transaction, deadline: Deadline) -> None:
        remind_or_confirm(tx, deadline.subject_id, deadline.payload["reminded"], settlement.policy)

    def level(tx: Transaction, deadline: Deadline) -> None:
        escalate_appeal(tx, deadline.subject_id, appeals())

    def budget(tx: Transaction, deadline: Deadline) -> None:
        starts_on = date.fromisoformat(deadline.payload["starts_on"])
        settle_budget(tx, deadline.payload["budget_id"], starts_on, settlement)

    return {SETTLE: settle, ANSWER: answer, LEVEL: level, BUDGET: budget}
