"""Production schedules for screens: those of orders of the caller's people, what is ready first comes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.erp import store
from integration.tables import erp_order, erp_schedule


def list_schedules(tx: Transaction, page: Page, order_id: str) -> tuple[Sequence[Row[Any]], str]:
    """A page and the next page's token."""
    told = erp_schedule.c
    seen = store.seen(tx, erp_order.c.order_id == told.order_id)
    query = select(erp_schedule).where(seen, *store.same(told.order_id, order_id))
    if page.after:
        last = (date.fromisoformat(page.after["on"]), page.after["id"])
        query = query.where(tuple_(told.ready_on, told.schedule_id) > last)
    rows = tx.execute(query.order_by(told.ready_on, told.schedule_id).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"on": row.ready_on.isoformat(), "id": row.schedule_id})
