"""Customers that are probably the same: what names are compared by, suggestions, merges (LD1.4)."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Column, Double, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.merge_records import merges, suggestions
from leads.tables.metadata import identifier, metadata, words

# What a customer is compared by as it was compared last; absent: never. Two near names of a city share a form.
customer_known_as = Table(
    "customer_known_as",
    metadata,
    identifier("customer_id", primary_key=True),
    words("city"),
    Column("name_key", Text, nullable=False),
    words("phone"),
    Column("length", Integer, nullable=False),
    Column("forms", ARRAY(BigInteger), nullable=False),
    Index("customer_known_as_forms", "forms", postgresql_using="gin"),
    Index("customer_known_as_long", "city", postgresql_where=text("length >= 12")),
)

customer_suggestion = suggestions(
    "customer_suggestion",
    "customer_id",
    # phone, name; two_firms: one phone, but two credit codes, which is only a hint.
    Column("why", Text, nullable=False),
    # Of 100; absent for a phone.
    Column("score", Double),
    Index("customer_suggestion_state", "state", "suggestion_id"),
)

# What both had: field → the kept one's, the other's.
customer_merge = merges("customer_merge", Column("differences", JSONB, nullable=False))
