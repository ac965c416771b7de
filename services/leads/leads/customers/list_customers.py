"""Customers for a screen, by name, page by page."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store
from leads.customers.rules import Customer

t = tables.customer.c


def list_customers(
    tx: Transaction, page: Page, *, text: str = "", owner_id: str = "", customer_code: str = ""
) -> tuple[Sequence[Customer], str]:
    query = select(tables.customer).where(tx.identity.visible(t.owner_id, t.unit))
    if text:
        query = query.where(t.name.icontains(text, autoescape=True))
    if owner_id:
        query = query.where(t.owner_id == owner_id)
    if customer_code:
        query = query.where(t.customer_code == customer_code)
    if page.after:
        query = query.where(tuple_(t.name, t.customer_id) > (page.after["name"], page.after["id"]))
    rows = tx.execute(query.order_by(t.name, t.customer_id).limit(page.limit)).all()
    found = [store.from_row(row) for row in rows]
    return page.cut(found, lambda each: {"name": each.name, "id": each.customer_id})
