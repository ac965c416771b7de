"""Leads that wait for an owner: A, B, C, then time, each with its reason (LD3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store
from leads.lead.rules import WAITING, Lead, counts_as

t = tables.lead.c


def list_waiting(tx: Transaction, page: Page) -> tuple[Sequence[Lead], str]:
    query = select(tables.lead).where(t.state.in_([each.value for each in WAITING]), store.visible(tx.identity))
    if page.after:
        last = page.after["rank"], datetime.fromisoformat(page.after["at"]), page.after["id"]
        query = query.where(tuple_(*store.waiting_line()) > last)
    rows = tx.execute(query.order_by(*store.waiting_line()).limit(page.limit)).all()
    return page.cut([store.from_row(row) for row in rows], _position)


def _position(lead: Lead) -> dict[str, Any]:
    rank = "ABC".index(counts_as(lead.grade).value) + 1
    return {"rank": rank, "at": lead.captured_at.isoformat(), "id": lead.lead_id}
