"""Budgets with the changes that were proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.budgets import store
from incentives.budgets.rules import GROUP, RULE, Period, Span, amounts, span_of


@dataclass(frozen=True)
class BudgetView:
    """`amount_fen` None: none holds in this period."""

    span: Span
    amount_fen: int | None
    exhaustion: Row[Any] | None
    changes: Sequence[Row[Any]]


def view_budgets(
    tx: Transaction, page: Page, rule_id: str, group: str, on: date | None
) -> tuple[list[BudgetView], str]:
    """With the token of the next page."""
    wanted = RULE + rule_id if rule_id else GROUP + group if group else ""
    ids, token = page.cut(store.list_budgets(tx, page, wanted), lambda each: {"id": each})
    changes, approved, day = store.changes(tx, ids), store.approved(tx), on or local_date(tx.now)
    found = []
    for budget_id in ids:
        mine = [row for row in changes if row.budget_id == budget_id]
        period = store.period_of(tx, budget_id) or Period(mine[0].period)
        span = span_of(budget_id, period, day)
        held = amounts(approved, span)
        found.append(BudgetView(span, held[-1][1] if held else None, store.exhaustion(tx, span), mine))
    return found, token
