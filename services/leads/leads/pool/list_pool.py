"""Leads of the pool for a screen: best grade first, then who waits longest; any part of a name, or its pinyin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import Grade, Lead, counts_as
from leads.pool import search_store as store
from leads.pool.search_rules import Part, are_common
from leads.pool.word_rules import runs_of

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
    rows, token = page.cut(_found(tx, wish.text, _part(wish, page)), _place)
    return [leads.from_row(row) for row in rows], token


def _found(tx: Transaction, sought: str, part: Part) -> Sequence[Row[Any]]:
    if not sought.strip():
        return store.listed(tx, part)
    runs = runs_of(sought)
    if not runs:
        return []
    known, rows = store.piece_shares(tx, runs, part), None
    if are_common(runs, part, known):
        rows = store.along_the_pool(tx, runs, part)
    return store.by_pieces(tx, runs, part, known) if rows is None else rows


def _place(row: Any) -> dict[str, Any]:
    return {"rank": row.rank, "since": row.waiting_since.isoformat(), "id": row.lead_id}


def _part(wish: PoolWish, page: Page) -> Part:
    facets = {
        "grade": [each.value if each else "" for each in wish.grades],
        "channel": wish.channels,
        "province": wish.provinces,
        "city": wish.cities,
        "industry": wish.industries,
    }
    ranks = [RANKS[counts_as(each)] for each in wish.grades]
    last = page.after
    return Part(
        facets={name: values for name, values in facets.items() if values},
        ranks=(min(ranks), max(ranks)) if ranks else None,
        after=(last["rank"], datetime.fromisoformat(last["since"]), last["id"]) if last else None,
        limit=page.limit,
    )
