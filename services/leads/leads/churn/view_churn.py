"""Churn and repeat purchase, and the rows behind each of their numbers (LD9.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.churn import store
from leads.churn.rules import By, Churned, ChurnFigure, Repeated, RepeatFigure, totals
from leads.churn.store import Wish

Rows = tuple[Sequence[Row[Any]], str]


def view_churn(tx: Transaction, wish: Wish) -> tuple[list[ChurnFigure], list[ChurnFigure]]:
    """The totals, and the figures by group."""
    figures = store.churn(tx, wish)
    return totals(figures), figures if wish.by is not By.NOTHING else []


def list_churn_rows(tx: Transaction, wish: Wish, days: int, what: Churned, page: Page) -> Rows:
    return page.cut(store.churn_rows(tx, wish, days, what, page), _place)


def view_repeat(tx: Transaction, wish: Wish, days: int) -> tuple[RepeatFigure, list[RepeatFigure]]:
    """The total, in which each customer is one, and the figures by group."""
    [total] = store.repeat(tx, Wish(wish.as_of, By.NOTHING), days) or [RepeatFigure("", 0, 0)]
    return total, store.repeat(tx, wish, days) if wish.by is not By.NOTHING else []


def list_repeat_rows(tx: Transaction, wish: Wish, days: int, what: Repeated, page: Page) -> Rows:
    return page.cut(store.repeat_rows(tx, wish, days, what, page), _place)


def every_row(pages: Callable[[Page], Rows]) -> list[Row[Any]]:
    """For a sheet, which holds all of them."""
    return list(pages(Page(_ALL))[0])


# More customers than a spreadsheet has lines.
_ALL = 1_048_575


def _place(row: Row[Any]) -> dict[str, str]:
    return {"on": row.last.isoformat(), "store": row.place, "id": row.customer_id}
