"""Orders for screens: those of the caller's people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.orders import store


class OrderNotFound(NotFound):
    en = "There is no order {order_id}."
    zh = "订单 {order_id} 不存在。"


def get_order(tx: Transaction, order_id: str) -> Row[Any]:
    """Raises OrderNotFound, also for an order of somebody else's people."""
    row = store.order(tx, order_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    return row


def list_orders(
    tx: Transaction, page: Page, contract_number: str, customer_code: str
) -> tuple[Sequence[Row[Any]], str]:
    """A page and the next page's token."""
    rows = store.orders(tx, page, contract_number=contract_number, customer_code=customer_code)
    return page.cut(rows, lambda row: {"at": row.signed_at.isoformat(), "id": row.order_id})
