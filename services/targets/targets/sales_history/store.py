"""SQL of the sales history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from chassis.unit_of_work import Transaction
from targets.tables import sales_month


def serialise_month(tx: Transaction, region: str, month: str) -> None:
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sales:{region}:{month}", 0))))


def newest_load(tx: Transaction, region: str, month: str) -> str:
    """Empty when there is none."""
    found = select(func.max(sales_month.c.load_id)).where(sales_month.c.region == region, sales_month.c.month == month)
    return tx.execute(found).scalar_one() or ""


def replace_month(tx: Transaction, region: str, month: str, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(delete(sales_month).where(sales_month.c.region == region, sales_month.c.month == month))
    if rows:
        tx.execute(insert(sales_month), list(rows))


def by_category(tx: Transaction, *, region: str, category: str, from_month: str, to_month: str) -> Sequence[Row[Any]]:
    """Sums over SKUs, oldest month first. Empty arguments mean all."""
    columns = (sales_month.c.month, sales_month.c.region, sales_month.c.category)
    query = select(
        *columns, func.sum(sales_month.c.units).label("units"), func.sum(sales_month.c.amount_fen).label("fen")
    )
    wanted = (
        (region, sales_month.c.region == region),
        (category, sales_month.c.category == category),
        (from_month, sales_month.c.month >= from_month),
        (to_month, sales_month.c.month <= to_month),
    )
    query = query.where(*(condition for value, condition in wanted if value))
    return tx.execute(query.group_by(*columns).order_by(*columns)).all()
