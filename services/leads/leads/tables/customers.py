"""The customer file."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, text

from leads.tables.metadata import identifier, instant, metadata, words

customer = Table(
    "customer",
    metadata,
    identifier("customer_id", primary_key=True),
    Column("customer_code", Text, unique=True),
    Column("name", Text, nullable=False),
    # Normalised name (LD1.2): compared, never shown.
    Column("name_key", Text, nullable=False),
    words("uscc"),
    words("phone"),
    words("customer_class"),
    words("grade"),
    words("industry"),
    words("province"),
    words("city"),
    words("owner_id"),
    words("unit"),
    identifier("parent_customer_id"),
    instant("since"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    instant("created_at", nullable=False),
    Index("customer_uscc", "uscc", unique=True, postgresql_where=text("uscc <> ''")),
    Index("customer_phone", "phone", postgresql_where=text("phone <> ''")),
    Index("customer_name", "name_key"),
    Index("customer_listed", "name", "customer_id"),
    Index("customer_owner", "owner_id", "customer_id"),
    Index("customer_unit", "unit", "customer_id", postgresql_ops={"unit": "text_pattern_ops"}),
)
