"""SQL of sales history: copied in bulk, read back by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast

import polars as pl
import psycopg
from sqlalchemy import Row, func, insert, select, text

from chassis.unit_of_work import Transaction
from integration.tables import pos_load, pos_sale

_SCRATCH = text(
    "CREATE TEMPORARY TABLE pos_scratch"
    " (day date, region text, category text, sku text, units bigint, amount_fen bigint)"
    " ON COMMIT DROP"
)
_COPY = "COPY pos_scratch (day, region, category, sku, units, amount_fen) FROM STDIN"
_MERGE = text(
    "INSERT INTO pos_sale (day, region, category, sku, units, amount_fen)"
    " SELECT day, region, category, sku, units, amount_fen FROM pos_scratch"
    " ON CONFLICT (day, region, category, sku)"
    " DO UPDATE SET units = excluded.units, amount_fen = excluded.amount_fen"
)

# What lines tell of a day counts before what was loaded of it as a sum.
UNITS = func.coalesce(pos_sale.c.line_units, pos_sale.c.units)
FEN = func.coalesce(pos_sale.c.line_fen, pos_sale.c.amount_fen)


def merge(tx: Transaction, days: pl.DataFrame) -> None:
    """A day that comes again replaces what was loaded of it."""
    tx.execute(_SCRATCH)
    connection = cast("psycopg.Connection[Any]", tx.conn.connection.driver_connection)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in days.select("day", "region", "category", "sku", "units", "fen").iter_rows():
            copy.write_row(row)
    tx.execute(_MERGE)


def month_lines(tx: Transaction, months: Iterable[tuple[str, date]]) -> dict[tuple[str, date], list[Row[Any]]]:
    """Category, SKU, units and fen of whole months, by region and first day of the month."""
    wanted = set(months)
    if not wanted:
        return {}
    month = func.date(func.date_trunc("month", pos_sale.c.day)).label("month")
    first, last = min(day for _, day in wanted), max(day for _, day in wanted)
    keys = (month, pos_sale.c.region, pos_sale.c.category, pos_sale.c.sku)
    sums = (func.sum(UNITS).label("units"), func.sum(FEN).label("fen"))
    in_range = (pos_sale.c.day >= first) & (pos_sale.c.day < _next_month(last))
    found: dict[tuple[str, date], list[Row[Any]]] = {}
    for row in tx.execute(select(*keys, *sums).where(in_range).group_by(*keys).order_by(*keys)):
        if (row.region, row.month) in wanted:
            found.setdefault((row.region, row.month), []).append(row)
    return found


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def add_load(tx: Transaction, **values: Any) -> None:
    tx.execute(insert(pos_load).values(**values))


def regions_and_months(days: pl.DataFrame) -> Sequence[tuple[str, date]]:
    months = days.select("region", pl.col("day").dt.truncate("1mo").alias("month")).unique().sort("month", "region")
    return [(str(region), month) for region, month in months.iter_rows()]
