"""Leads of the pool for a screen: best grade first, then who waits longest; any part of a name, or its pinyin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, literal, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store
from leads.lead.rules import Grade, Lead
from leads.pool.word_rules import Run, runs_of

t, _words = tables.lead.c, tables.lead_words.c


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
    query = select(tables.lead).where(text("state = 'recycled'"), *_conditions(wish))
    runs = runs_of(wish.text)
    if wish.text.strip():
        query = _sought(query, runs) if runs else query.where(literal(False))
    line = (t.rank, t.waiting_since, t.lead_id)
    if page.after:
        last = (page.after["rank"], datetime.fromisoformat(page.after["since"]), page.after["id"])
        query = query.where(tuple_(*line) > last)
    rows = tx.execute(query.order_by(*line).limit(page.limit)).all()
    rows, token = page.cut(rows, _place)
    return [store.from_row(row) for row in rows], token


def _place(row: Any) -> dict[str, Any]:
    return {"rank": row.rank, "since": row.waiting_since.isoformat(), "id": row.lead_id}


def _conditions(wish: PoolWish) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.grades:
        found.append(t.grade.in_([each.value if each else "" for each in wish.grades]))
    for column, values in (
        (t.channel, wish.channels),
        (t.province, wish.provinces),
        (t.city, wish.cities),
        (t.industry, wish.industries),
    ):
        if values:
            found.append(column.in_(values))
    return found


def _sought(query: Select[Any], runs: Sequence[Run]) -> Select[Any]:
    """The index selects by pieces, the comparison decides (Run.in_words)."""
    pieces = cast(cast(" & ".join(f"({each.query})" for each in runs), Text), TSQUERY)
    indexed = query.join(tables.lead_words, _words.lead_id == t.lead_id).where(_words.pieces.op("@@")(pieces))
    return indexed.where(*(_in_words(each) for each in runs))


def _in_words(run: Run) -> ColumnElement[bool]:
    columns = {
        "letters": (_words.names, _words.initials, *([_words.sound] if run.is_long else [])),
        "digits": (_words.names, *([_words.phone] if run.is_long else [])),
        "han": (_words.names,),
    }[run.kind]
    return or_(*(column.contains(run.value, autoescape=True) for column in columns))
