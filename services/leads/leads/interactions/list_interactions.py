"""A customer's interactions in every channel, newest first (LD9.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.interactions import store


def list_interactions(tx: Transaction, customer_id: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer_id = customers.load(tx, customer_id).customer_id
    rows = store.listed(tx, customer_id, page)
    return page.cut(rows, lambda row: {"at": row.at.isoformat(), "key": row.key})
