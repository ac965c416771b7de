"""Figures from outside, which are bridged to our own: a total, or the rows that make it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text, Uuid

from integration.tables.metadata import fen, instant, metadata, words

outside_figure = Table(
    "outside_figure",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    # As it was told; the sum of the rows when only rows were.
    Column("total_fen", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    words("file_id"),
    words("source"),
    Column("entered_by", Text, nullable=False),
    instant("entered_at"),
)

outside_row = Table(
    "outside_row",
    metadata,
    Column("figure_id", Uuid(as_uuid=False), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("booked_on", Date, nullable=False),
    words("serial"),
    fen("amount_fen"),
    words("payer_name"),
)
