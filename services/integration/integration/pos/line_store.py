"""SQL of receipt lines: copied in bulk, compared with what is held, counted into the sales of their days."""

from __future__ import annotations

from typing import Any, cast

import polars as pl
import psycopg
from sqlalchemy import Row, delete, select, text, update

from chassis.unit_of_work import Transaction
from integration.pos.line_rules import KEPT
from integration.tables import pos_month

_COLUMNS = ", ".join(KEPT)
_SCRATCH = text("""
    CREATE TEMPORARY TABLE IF NOT EXISTS pos_line_scratch (
        store text, receipt_no text, line_no integer, version integer, day date, region text, category text, sku text,
        units bigint, amount_fen bigint
    ) ON COMMIT DROP
""")
_COPY = f"COPY pos_line_scratch ({_COLUMNS}) FROM STDIN (FORMAT csv)"
# What a line said before is taken off the day it was counted in, what it says now is added.
_MERGE = text(
    """
    WITH told AS MATERIALIZED (
        SELECT s.*, l.store IS NOT NULL AS held, l.day AS day_held, l.region AS region_held,
            l.category AS category_held, l.sku AS sku_held, l.units AS units_held, l.amount_fen AS fen_held,
            (s.day, s.region, s.category, s.sku, s.units, s.amount_fen)
                IS DISTINCT FROM (l.day, l.region, l.category, l.sku, l.units, l.amount_fen) AS differs
        FROM pos_line_scratch s LEFT JOIN pos_line l USING (store, receipt_no, line_no)
        WHERE l.store IS NULL OR s.version >= l.version
    ), saved AS (
        INSERT INTO pos_line (<columns>) SELECT <columns> FROM told
        ON CONFLICT (store, receipt_no, line_no) DO UPDATE SET version = excluded.version, day = excluded.day,
            region = excluded.region, category = excluded.category, sku = excluded.sku, units = excluded.units,
            amount_fen = excluded.amount_fen
    ), moved AS (
        SELECT day, region, category, sku, units, amount_fen FROM told WHERE differs
        UNION ALL
        SELECT day_held, region_held, category_held, sku_held, -units_held, -fen_held FROM told WHERE differs AND held
    ), counted AS (
        INSERT INTO pos_sale (day, region, category, sku, units, amount_fen, line_units, line_fen)
        SELECT day, region, category, sku, 0, 0, sum(units), sum(amount_fen) FROM moved
        GROUP BY day, region, category, sku ORDER BY day, region, category, sku
        ON CONFLICT (day, region, category, sku) DO UPDATE
        SET line_units = coalesce(pos_sale.line_units, 0) + excluded.line_units,
            line_fen = coalesce(pos_sale.line_fen, 0) + excluded.line_fen
    ), touched AS (
        INSERT INTO pos_month (region, month, ready)
        SELECT DISTINCT region, date_trunc('month', day)::date, false FROM moved
        ON CONFLICT (region, month) DO UPDATE SET ready = false
    )
    SELECT count(*) FILTER (WHERE NOT held) AS new, count(*) FILTER (WHERE held AND differs) AS corrected FROM told
""".replace("<columns>", _COLUMNS)
)


def merge(tx: Transaction, lines: pl.DataFrame) -> tuple[int, int]:
    """How many lines are new, how many are corrected. Each line is there once."""
    tx.execute(_SCRATCH)
    tx.execute(text("TRUNCATE pos_line_scratch"))
    connection = cast("psycopg.Connection[Any]", tx.conn.connection.driver_connection)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(lines.select(KEPT).write_csv(include_header=False))
    row = tx.execute(_MERGE).one()
    return int(row.new), int(row.corrected)


def months_are_whole(tx: Transaction) -> None:
    """What was touched may be told on: the load is through."""
    tx.execute(update(pos_month).where(~pos_month.c.ready).values(ready=True))


def next_ready(tx: Transaction) -> Row[Any] | None:
    """A month to tell, locked and taken off the list."""
    first = (
        select(pos_month.c.region, pos_month.c.month)
        .where(pos_month.c.ready)
        .order_by(pos_month.c.month, pos_month.c.region)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = tx.execute(first).one_or_none()
    if row is not None:
        tx.execute(delete(pos_month).where(pos_month.c.region == row.region, pos_month.c.month == row.month))
    return row
