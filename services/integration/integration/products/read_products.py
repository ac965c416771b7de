"""The catalogue for screens: everybody sees all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, NotFound, Violation
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.products import store


class ProductNotFound(NotFound):
    en = "There is no product {product_code}."
    zh = "产品 {product_code} 不存在。"


def get_product(tx: Transaction, code: str) -> Row[Any]:
    """Raises ProductNotFound."""
    row = store.load(tx, code)
    if row is None:
        raise ProductNotFound(product_code=code)
    return row


def list_products(tx: Transaction, page: Page, text: str, ends_by: str) -> tuple[Sequence[Row[Any]], str]:
    """A page and the next page's token. Raises InvalidInput for a day that is none."""
    try:
        day = date.fromisoformat(ends_by) if ends_by else None
    except ValueError:
        raise InvalidInput.of(Violation("registration_ends_by", en="is no day", zh="不是有效日期")) from None
    return page.cut(store.products(tx, page, text=text, ends_by=day), lambda row: {"code": row.product_code})
