"""The product catalogue of the ERP."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, Table, Text, text

from integration.tables.metadata import currency, fen, metadata, words

product = Table(
    "product",
    metadata,
    Column("product_code", Text, primary_key=True),
    # Ours, grows by one with each published change.
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("source_version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    words("category"),
    words("unit"),
    fen("list_price_fen"),
    currency(),
    words("registration_number"),
    Column("registration_ends_on", Date, nullable=True),
    Column("active", Boolean, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Index("product_registration", "registration_ends_on"),
)
