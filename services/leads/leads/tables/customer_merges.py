"""Customers that are probably the same: what names are compared by, suggestions, merges (LD1.4)."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Column, Double, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import identifier, instant, metadata, words

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

customer_suggestion = Table(
    "customer_suggestion",
    metadata,
    identifier("suggestion_id", primary_key=True),
    # The newer customer, and the one it may be.
    identifier("customer_id", nullable=False),
    identifier("other_id", nullable=False),
    # phone, name; two_firms: one phone, but two credit codes, which is only a hint.
    Column("why", Text, nullable=False),
    # Of 100; absent for a phone.
    Column("score", Double),
    # open, accepted, refused.
    Column("state", Text, nullable=False),
    instant("made_at", nullable=False),
    words("decided_by"),
    instant("decided_at"),
    words("reason"),
    UniqueConstraint("customer_id", "other_id", name="customer_suggestion_once"),
    Index("customer_suggestion_state", "state", "suggestion_id"),
)

customer_merge = Table(
    "customer_merge",
    metadata,
    identifier("merge_id", primary_key=True),
    identifier("kept_id", nullable=False),
    identifier("merged_id", nullable=False),
    words("merged_by"),
    instant("merged_at", nullable=False),
    words("reason"),
    # What the kept one took over: column → before, after; and what both had: field → the kept one's, the other's.
    Column("taken_over", JSONB, nullable=False),
    Column("differences", JSONB, nullable=False),
    words("unmerged_by"),
    instant("unmerged_at"),
    words("unmerge_reason"),
    Index("customer_merge_kept", "kept_id", "merged_at"),
    Index("customer_merge_current", "merged_id", unique=True, postgresql_where=text("unmerged_at IS NULL")),
)
