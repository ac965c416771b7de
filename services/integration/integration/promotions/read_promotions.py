"""Promotions for screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, or_, select, tuple_

from chassis.errors import InvalidInput, NotFound, Violation
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import promotion

t = promotion.c


class PromotionNotFound(NotFound):
    en = "There is no promotion {promotion_id}."
    zh = "促销活动 {promotion_id} 不存在。"


def get_promotion(tx: Transaction, promotion_id: str) -> Row[Any]:
    """Raises PromotionNotFound."""
    row = tx.execute(select(promotion).where(t.promotion_id == promotion_id)).one_or_none()
    if row is None:
        raise PromotionNotFound(promotion_id=promotion_id)
    return row


def list_promotions(tx: Transaction, page: Page, day: str, region: str, sku: str) -> tuple[Sequence[Row[Any]], str]:
    """Those that hold on a day, for a region or a SKU; the latest first. Raises InvalidInput for a day that is none."""
    query = select(promotion).order_by(t.starts_on.desc(), t.promotion_id.desc()).limit(page.limit)
    if day:
        query = query.where(t.starts_on <= _day(day), t.ends_on >= _day(day), t.state != "cancelled")
    if region:
        query = query.where(or_(t.region == region, t.region == ""))
    if sku:
        query = query.where(or_(t.skus.contains([sku]), t.skus == []))
    if page.after:
        query = query.where(
            tuple_(t.starts_on, t.promotion_id) < (date.fromisoformat(page.after["on"]), page.after["id"])
        )
    rows = tx.execute(query).all()
    return page.cut(rows, lambda row: {"on": row.starts_on.isoformat(), "id": row.promotion_id})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.of(Violation("day", en="is no day", zh="不是有效日期")) from None
