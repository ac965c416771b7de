"""Customers that the company register is asked about, and what it said."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from integration.tables.metadata import instant, metadata, words

# A projection of customers.created and customers.updated, and beside it what the register answered.
watched_company = Table(
    "watched_company",
    metadata,
    Column("customer_id", Uuid(as_uuid=False), primary_key=True),
    Column("customer_version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    words("uscc"),
    instant("watched_since"),
    instant("asked_at", nullable=True),
    # The register doesn't know it.
    Column("unknown", Boolean, nullable=False, server_default=text("false")),
    # Grows by one with each change that was told on; 0 until the register knew it.
    Column("version", Integer, nullable=False, server_default=text("0")),
    words("registered_uscc"),
    Column("company", JSONB, nullable=True),
    # When the register last looked, in its own words.
    instant("updated_at", nullable=True),
    Index("watched_company_turn", "asked_at"),
)
