"""What the points of sale tell line by line, and who signed up there."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary, Table, Text, text

from integration.tables.metadata import fen, instant, metadata, words

pos_line = Table(
    "pos_line",
    metadata,
    Column("store", Text, primary_key=True),
    Column("receipt_no", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    # The source's.
    Column("version", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("region", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("sku", Text, nullable=False),
    # Both below zero when goods came back.
    Column("units", BigInteger, nullable=False),
    fen("amount_fen"),
)

# Months whose sales changed and are to be told on; `ready` when the load that touched them is through.
pos_month = Table(
    "pos_month",
    metadata,
    Column("region", Text, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("ready", Boolean, nullable=False, server_default=text("false")),
)

pos_customer = Table(
    "pos_customer",
    metadata,
    Column("pos_customer_id", Text, primary_key=True),
    # Ours, grows by one with each change; the source's own is kept beside it.
    Column("version", Integer, nullable=False),
    Column("source_version", Integer, nullable=False),
    words("name"),
    words("company_name"),
    words("phone"),
    words("store"),
    words("store_name"),
    words("province"),
    words("city"),
    # 个人信息处理同意
    Column("consent", Boolean, nullable=False),
    instant("signed_up_at"),
    Column("content_hash", LargeBinary, nullable=False),
)
