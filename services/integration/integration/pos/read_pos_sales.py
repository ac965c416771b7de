"""Sales of a month for screens, by category and SKU."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, exists, func, select, tuple_

from chassis.errors import InvalidInput, Violation
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.pos.store import FEN, UNITS
from integration.tables import pos_month, pos_sale

t = pos_sale.c


def list_sales(tx: Transaction, page: Page, month: str, region: str) -> tuple[Sequence[Row[Any]], str, bool]:
    """A page, the next page's token, and whether a load of the month is still under way. Raises InvalidInput."""
    first = _first_day(month)
    key = (t.region, t.category, t.sku)
    end = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    query = (
        select(*key, func.sum(UNITS).label("units"), func.sum(FEN).label("fen"))
        .where(t.day >= first, t.day < end)
        .group_by(*key)
        .order_by(*key)
        .limit(page.limit)
    )
    under_way = select(pos_month.c.month).where(pos_month.c.month == first, ~pos_month.c.ready)
    if region:
        query, under_way = query.where(t.region == region), under_way.where(pos_month.c.region == region)
    if page.after:
        query = query.where(tuple_(*key) > tuple(page.after["key"]))
    rows, token = page.cut(tx.execute(query).all(), lambda row: {"key": [row.region, row.category, row.sku]})
    return rows, token, bool(tx.execute(select(exists(under_way))).scalar())


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InvalidInput.of(Violation("month", en="is no month", zh="不是有效月份")) from None
