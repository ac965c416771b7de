"""Leads for a screen: filtered, sorted, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, cast, select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store
from leads.lead.rules import Grade, Lead, State

t = tables.lead.c
Order = Literal["newest", "oldest", "due"]


@dataclass(frozen=True)
class Wish:
    """Empty means all."""

    states: tuple[State, ...] = ()
    grades: tuple[Grade | None, ...] = ()
    owner_id: str = ""
    channel: str = ""
    city: str = ""
    import_id: str = ""
    text: str = ""
    yellow: bool | None = None
    order: Order = "newest"


def list_leads(tx: Transaction, wish: Wish, page: Page) -> tuple[Sequence[Lead], str]:
    """One page and the token of the next. A lead that comes in meanwhile shifts nothing."""
    column = t.recycle_due_at if wish.order == "due" else t.captured_at
    query = select(tables.lead).where(store.visible(tx.identity), *_conditions(wish))
    if wish.order == "due":
        query = query.where(t.recycle_due_at.is_not(None))
    if page.after:
        key = tuple_(column, t.lead_id)
        last = (datetime.fromisoformat(page.after["at"]), page.after["id"])
        query = query.where(key < last if wish.order == "newest" else key > last)
    keys: tuple[Any, ...] = (column, t.lead_id)
    query = query.order_by(*(each.desc() for each in keys) if wish.order == "newest" else keys)
    rows = tx.execute(query.limit(page.limit)).all()
    found, token = page.cut([store.from_row(row) for row in rows], lambda lead: _position(lead, wish.order))
    return found, token


def _position(lead: Lead, order: Order) -> dict[str, Any]:
    at = lead.recycle_due_at if order == "due" else lead.captured_at
    return {"at": at.isoformat() if at else "", "id": lead.lead_id}


def _conditions(wish: Wish) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.states:
        found.append(t.state.in_([each.value for each in wish.states]))
    if wish.grades:
        found.append(t.grade.in_([each.value if each else "" for each in wish.grades]))
    for column, value in ((t.owner_id, wish.owner_id), (t.channel, wish.channel), (t.city, wish.city)):
        if value:
            found.append(column == value)
    if wish.import_id:
        # As text: what is no id at all is no import's, and no trouble of the database.
        found.append(cast(t.import_id, Text) == wish.import_id)
    if wish.text:
        found.append(store.text_filter(wish.text))
    if wish.yellow is not None:
        found.append(t.yellow.is_(wish.yellow))
    return found
