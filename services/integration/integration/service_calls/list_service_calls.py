"""Service calls for screens: those of customers to whom the caller's people sell, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.erp import store
from integration.tables import erp_order, service_call


def list_service_calls(
    tx: Transaction, page: Page, customer_code: str, *, open_only: bool
) -> tuple[Sequence[Row[Any]], str]:
    """A page and the next page's token."""
    told = service_call.c
    where = [
        store.seen(tx, erp_order.c.customer_code == told.customer_code),
        *store.same(told.customer_code, customer_code),
        *store.same(told.state, "open" if open_only else ""),
    ]
    rows = store.latest_first(tx, page, (told.reported_at, told.call_id), where, datetime.fromisoformat)
    return page.cut(rows, lambda row: {"at": row.reported_at.isoformat(), "id": row.call_id})
