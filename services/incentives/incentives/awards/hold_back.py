"""Let a budget hold the awards that it can't pay, and let go those that it can (I2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.awards import store
from incentives.awards.rules import Item, Mark, budget_lines
from incentives.budgets.rules import BudgetExhausted, Change, Span, amounts, scope
from incentives.budgets.store import exhaustion, save_exhaustion
from incentives.ledger.limit_rules import hold


def hold_back(tx: Transaction, span: Span, mark: Mark, budgets: Sequence[Change]) -> list[Item]:
    """The awards from the mark on of which something else is held, or said of it, than before.

    In a period without an amount the budget holds nothing and lets nothing go: whatever is held there is held by
    another one.
    """
    budget = amounts(budgets, span)
    if not budget:
        return []
    items = store.budget_items(tx, span, budgets, mark)
    changed, waits = [], False
    found = hold([each.demand() for each in items], budget, store.budget_taken(tx, span, budgets, mark))
    for item, held in zip(items, found, strict=True):
        lines, waits = budget_lines(span, held.is_held, budget[-1][1]), waits or held.is_held
        if held.steps != item.held or lines != item.budget_lines:
            item.held = {person: dict(steps) for person, steps in held.steps.items()}
            item.budget_lines = lines
            changed.append(item)
    store.rewrite(tx, changed)
    _tell(tx, span, budgets, budget[-1][1], waits)
    return changed


def _tell(tx: Transaction, span: Span, budgets: Sequence[Change], amount_fen: int, waits: bool) -> None:
    """Once each time that it begins to hold something. `waits`: something that was looked at is held; if nothing is,
    something before it may be."""
    before = exhaustion(tx, span)
    was = before is not None and before.exhausted_at is not None
    if waits == was:
        return
    figures, number = store.figures(tx, span, budgets), 0 if before is None else before.number
    now = figures.held_orders > 0
    if now == was:
        return
    number += 1 if now else 0
    save_exhaustion(tx, span, tx.now if now else None, number)
    if now:
        rule, group = scope(span.budget_id)
        tx.record(
            BudgetExhausted(
                span.budget_id, rule, group, span.period.value, span.starts_on, span.last_day, Money(amount_fen),
                Money(figures.used_fen), Money(figures.held_fen), figures.held_orders, figures.first_deal_key, number,
                tx.now,
            )
        )  # fmt: skip
