"""SQL of products."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import product


def locked(tx: Transaction, codes: Iterable[str]) -> dict[str, Row[Any]]:
    query = select(product.c.product_code, product.c.source_version, product.c.content_hash)
    named = query.where(product.c.product_code == func.any(sorted(codes)))
    return {row.product_code: row for row in tx.execute(named.order_by(product.c.product_code).with_for_update())}


def save(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        fresh = insert(product)
        others = {name: fresh.excluded[name] for name in rows[0] if name != "product_code"}
        tx.execute(fresh.on_conflict_do_update(index_elements=[product.c.product_code], set_=others), rows)


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
