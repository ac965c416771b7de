"""Deliveries for screens: those of the caller's people, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, and_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.erp import store
from integration.tables import erp_delivery, erp_order


def list_deliveries(
    tx: Transaction, page: Page, order_id: str, contract_number: str, customer_code: str
) -> tuple[Sequence[Row[Any]], str]:
    """A page and the next page's token."""
    told = erp_delivery.c
    by_contract = and_(erp_order.c.contract_number != "", erp_order.c.contract_number == told.contract_number)
    where = [
        store.seen(tx, erp_order.c.order_id == told.order_id, by_contract),
        *store.same(told.order_id, order_id),
        *store.same(told.contract_number, contract_number),
        *store.same(told.customer_code, customer_code),
    ]
    rows = store.latest_first(tx, page, (told.delivered_on, told.delivery_id), where, date.fromisoformat)
    return page.cut(rows, lambda row: {"at": row.delivered_on.isoformat(), "id": row.delivery_id})
