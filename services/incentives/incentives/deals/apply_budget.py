"""Approve a budget, and let it hold or let go what it must, from a clock of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from incentives.awards.hold_back import hold_back
from incentives.awards.store import figures, groups_of, pays
from incentives.budgets.decide_budget import approve_budget, find_change, span_of_change
from incentives.budgets.rules import GROUP, Span, scope, span_of, spans
from incentives.budgets.store import approved, period_of
from incentives.deals.settle_deals import Settlement
from incentives.deals.write_books import write_books
from incentives.ledger.store import lock_books
from incentives.slips.causes import Causes

BUDGET = "budget.settle"


def apply_budget(tx: Transaction, change_id: str) -> Row[Any]:
    """Raises what `approve_budget` raises."""
    lock_books(tx)
    first = span_of_change(find_change(tx, change_id))
    budgets = approved(tx)
    paid = pays(tx, first, budgets, tx.identity.subject)
    decided = approve_budget(tx, change_id, figures(tx, first, budgets).used_fen, paid)
    for span in _touched(tx, first):
        payload = {"budget_id": span.budget_id, "starts_on": span.starts_on.isoformat()}
        tx.deadlines.start(BUDGET, f"{span.budget_id} {span.name}", tx.now, payload)
    return decided


def _touched(tx: Transaction, first: Span) -> set[Span]:
    """The first period, which is not over. A rule that gets a budget of its own leaves its group's, in all periods
    until today's: later ones have no orders yet."""
    rule_id, _ = scope(first.budget_id)
    found = {first}
    for group in groups_of(tx, rule_id, first.since) if rule_id else []:
        period = period_of(tx, GROUP + group)
        if period is not None:
            found |= set(spans(GROUP + group, period, first.starts_on, local_date(tx.now)))
    return found


def settle_budget(tx: Transaction, budget_id: str, starts_on: date, settlement: Settlement) -> None:
    """The handler of the budget's clock."""
    lock_books(tx)
    period = period_of(tx, budget_id)
    if period is None:
        return
    span = span_of(budget_id, period, starts_on)
    rules = settlement.rulebook.published(tx)
    moved = hold_back(tx, span, (span.since, ""), approved(tx))
    write_books(tx, {item.deal_key for item in moved}, (), rules, settlement.policy, Causes())
