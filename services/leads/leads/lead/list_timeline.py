"""Everything that happened to a lead, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store

t = tables.timeline.c


def list_timeline(tx: Transaction, lead_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """With that of leads merged into it. Raises LeadNotFound."""
    store.load(tx, lead_id)
    query = select(tables.timeline).where(t.lead_id.in_(store.with_merged(tx, lead_id)))
    query = query.order_by(t.at, t.id).limit(page.limit)
    if page.after:
        query = query.where(tuple_(t.at, t.id) > (datetime.fromisoformat(page.after["at"]), page.after["id"]))
    return page.cut(tx.execute(query).all(), lambda row: {"at": row.at.isoformat(), "id": row.id})
