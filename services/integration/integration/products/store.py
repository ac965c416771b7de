"""SQL of products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, or_, select

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import product


def load(tx: Transaction, code: str) -> Row[Any] | None:
    return tx.execute(select(product).where(product.c.product_code == code)).one_or_none()


def products(tx: Transaction, page: Page, *, text: str, ends_by: date | None) -> Sequence[Row[Any]]:
    """By code."""
    query = select(product).order_by(product.c.product_code).limit(page.limit)
    if text:
        named = (product.c.product_code, product.c.name, product.c.registration_number)
        query = query.where(or_(*(each.icontains(text, autoescape=True) for each in named)))
    if ends_by is not None:
        query = query.where(product.c.registration_ends_on <= ends_by)
    if page.after:
        query = query.where(product.c.product_code > page.after["code"])
    return tx.execute(query).all()
