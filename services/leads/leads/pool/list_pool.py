"""Leads of the pool for a screen: best grade first, then who waits longest; any part of a name, or its pinyin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store as leads
from leads.lead.rules import Grade, Lead, counts_as
from leads.pool import search_store as store
from leads.pool.search_rules import are_common
from leads.pool.word_rules import runs_of

t = tables.lead.c
# As the table computes them.
RANKS = {grade: place for place, grade in enumerate(Grade, 1)}


@dataclass(frozen=True)
class PoolWish:
    """Empty means all."""

    text: str = ""
    grades: tuple[Grade | None, ...] = ()
    channels: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()


def list_pool(tx: Transaction, wish: PoolWish, page: Page) -> tuple[Sequence[Lead], str]:
    """Everybody sees the whole pool."""
    conditions = _conditions(wish)
    if page.after:
        last = (page.after["rank"], datetime.fromisoformat(page.after["since"]), page.after["id"])
        conditions.append(tuple_(*store.LINE) > last)
    rows, token = page.cut(_found(tx, wish.text, conditions, page.limit), _place)
    return [leads.from_row(row) for row in rows], token


def _found(tx: Transaction, sought: str, conditions: Sequence[ColumnElement[bool]], limit: int) -> Sequence[Row[Any]]:
    if not sought.strip():
        return store.listed(tx, conditions, limit)
    runs = runs_of(sought)
    if not runs:
        return []
    known, rows = store.piece_shares(tx, runs), None
    if are_common(runs, known, limit):
        rows = store.along_the_pool(tx, runs, conditions, limit)
    return store.by_pieces(tx, runs, known, conditions, limit) if rows is None else rows


def _place(row: Any) -> dict[str, Any]:
    return {"rank": row.rank, "since": row.waiting_since.isoformat(), "id": row.lead_id}


def _conditions(wish: PoolWish) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.grades:
        found.append(t.grade.in_([each.value if each else "" for each in wish.grades]))
        # The pool is in the order of ranks: what is before and behind these is not walked.
        ranks = [RANKS[counts_as(each)] for each in wish.grades]
        found.append(t.rank.between(min(ranks), max(ranks)))
    for column, values in (
        (t.channel, wish.channels),
        (t.province, wish.provinces),
        (t.city, wish.cities),
        (t.industry, wish.industries),
    ):
        if values:
            found.append(column.in_(values))
    return found
