"""The three-way board for screens: a page, and totals over everything that the filters let through (N5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.board import list_store
from integration.board.list_store import Filters


@dataclass(frozen=True)
class Board:
    """`totals`: a row per currency and colour."""

    rows: Sequence[Row[Any]]
    totals: Sequence[Row[Any]]
    next_token: str


def list_board(tx: Transaction, page: Page, filters: Filters) -> Board:
    """The latest first; those of the caller's people."""
    rows = list_store.rows(tx, page, filters)
    kept, token = page.cut(rows, lambda row: {"on": row.day.isoformat(), "of": row.thread, "in": row.currency})
    return Board(kept, list_store.totals(tx, filters), token)


def list_customers(tx: Transaction, page: Page, filters: Filters) -> tuple[Sequence[Row[Any]], str]:
    """Summed by customer; a page and the next page's token."""
    rows = list_store.customers(tx, page, filters)
    return page.cut(rows, lambda row: {"of": row.customer_code, "in": row.currency})


def period(since: str, until: str) -> tuple[date | None, date | None]:
    """Days, both included; an empty one is no bound. Raises InvalidInput."""
    days: dict[str, date | None] = {}
    for name, told in (("since", since), ("until", until)):
        try:
            days[name] = date.fromisoformat(told) if told else None
        except ValueError:
            raise InvalidInput.of(Violation(name, en="is no day", zh="不是有效日期")) from None
    return days["since"], days["until"]
