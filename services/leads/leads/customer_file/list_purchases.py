"""A customer's purchase history, the latest first (LD9.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.purchases import store


def list_purchases(tx: Transaction, customer_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer_id = customers.load(tx, customer_id).customer_id
    rows = store.listed(tx, customer_id, page)
    return page.cut(rows, lambda row: {"on": row.signed_on.isoformat(), "number": row.order_number})
