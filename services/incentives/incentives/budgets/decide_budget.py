"""A second person lets a budget hold; anybody concerned turns it down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.budgets import store
from incentives.budgets.rules import (
    APPROVED,
    PROPOSED,
    REJECTED,
    BudgetAlreadyUsed,
    BudgetChangeDecided,
    BudgetChangeNotFound,
    BudgetNeedsSecondPerson,
    BudgetPaysYou,
    Period,
    Span,
    WrongBudget,
    other_period,
    span_of,
    too_late,
)


def approve_budget(tx: Transaction, change_id: str, used_fen: int, paid: bool) -> Row[Any]:
    """`used_fen`: given already in the first period it is meant for; `paid`: the caller is among those whom the budget
    pays. The books are locked.

    Raises BudgetChangeNotFound, BudgetChangeDecided, BudgetNeedsSecondPerson, BudgetPaysYou, BudgetAlreadyUsed,
    WrongBudget.
    """
    found = find_change(tx, change_id)
    if found.proposed_by == tx.identity.subject:
        raise BudgetNeedsSecondPerson()
    if paid:
        raise BudgetPaysYou()
    if span_of_change(found).ends_before <= local_date(tx.now):
        raise WrongBudget.of(too_late())
    fixed = store.period_of(tx, found.budget_id)
    if fixed is not None and fixed != found.period:
        raise WrongBudget.of(other_period(fixed))
    if found.amount_fen < used_fen:
        raise BudgetAlreadyUsed(used=f"{Money(used_fen).yuan:,.2f}")
    return _decide(tx, found, APPROVED)


def reject_budget(tx: Transaction, change_id: str) -> Row[Any]:
    """Raises BudgetChangeNotFound, BudgetChangeDecided."""
    return _decide(tx, find_change(tx, change_id), REJECTED)


def find_change(tx: Transaction, change_id: str) -> Row[Any]:
    """Locked, and to be decided. Raises BudgetChangeNotFound, BudgetChangeDecided."""
    found = store.lock_change(tx, change_id)
    if found is None:
        raise BudgetChangeNotFound()
    if found.state != PROPOSED:
        raise BudgetChangeDecided(state=found.state)
    return found


def span_of_change(found: Row[Any]) -> Span:
    return span_of(found.budget_id, Period(found.period), found.starts_on)


def _decide(tx: Transaction, found: Row[Any], state: str) -> Row[Any]:
    values = {"state": state, "decided_by": tx.identity.subject, "decided_at": tx.now}
    store.set_decided(tx, found.change_id, values)
    tx.audit(
        action=f"budget.{state}", entity="budget", entity_id=found.budget_id, before={"state": PROPOSED},
        after={"change_id": found.change_id, "amount_fen": found.amount_fen, **values}, why=found.reason,
    )  # fmt: skip
    decided = store.lock_change(tx, found.change_id)
    if decided is None:
        raise BudgetChangeNotFound()
    return decided
