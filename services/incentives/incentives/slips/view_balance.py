"""What somebody earned and was paid, now or at a time."""

from __future__ import annotations

from datetime import datetime

from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import Balance
from incentives.ledger.store import balance_of
from incentives.roster.store import unit_of


class EmployeeNotFound(NotFound):
    en = "There is no such employee."
    zh = "没有找到该员工。"


def view_balance(tx: Transaction, employee_id: str, at: datetime | None) -> Balance:
    """Raises EmployeeNotFound."""
    may_see_balance(tx, employee_id)
    return balance_of(tx, employee_id, at or tx.now)


def may_see_balance(tx: Transaction, employee_id: str) -> None:
    """Raises EmployeeNotFound, also for those whose money is none of the caller's business."""
    unit = unit_of(tx, employee_id)
    if unit is None or not tx.identity.may_see(employee_id, unit):
        raise EmployeeNotFound()
