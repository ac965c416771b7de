"""Pre-sales, delivery and after-sales of a customer, newest first (LD9.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.service_track import store
from leads.service_track.rules import Stage


def list_service_track(
    tx: Transaction, customer_id: str, stage: Stage | None, page: Page
) -> tuple[Sequence[Row[Any]], str]:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer_id = customers.load(tx, customer_id).customer_id
    rows = store.listed(tx, customer_id, stage, page)
    return page.cut(rows, lambda row: {"at": row.at.isoformat(), "key": row.kind + row.reference})
