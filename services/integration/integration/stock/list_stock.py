"""The stock for screens, with what the catalogue says of each product: everybody sees all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import erp_stock, product


def list_stock(tx: Transaction, page: Page, product_code: str) -> tuple[Sequence[Row[Any]], str]:
    """A page by product and the next page's token."""
    told = erp_stock.c
    known = erp_stock.outerjoin(product, product.c.product_code == told.product_code)
    query = select(erp_stock, product.c.name.label("product_name"), product.c.registration_ends_on)
    query = query.select_from(known).order_by(told.stock_id).limit(page.limit)
    if product_code:
        query = query.where(told.product_code == product_code)
    if page.after:
        query = query.where(told.stock_id > page.after["id"])
    return page.cut(tx.execute(query).all(), lambda row: {"id": row.stock_id})
