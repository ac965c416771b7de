"""Promotions with what they cost."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from integration.tables.metadata import currency, fen, metadata, words

promotion = Table(
    "promotion",
    metadata,
    Column("promotion_id", Text, primary_key=True),
    # Ours, grows by one with each change; the source's own is kept beside it.
    Column("version", Integer, nullable=False),
    Column("source_version", Integer, nullable=False),
    words("name"),
    # Empty: everywhere.
    words("region"),
    # Empty: all of them.
    Column("skus", ARRAY(Text), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    fen("cost_fen"),
    currency(),
    # planned, running, ended, cancelled
    Column("state", Text, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Index("promotion_listed", "starts_on", "promotion_id"),
)
