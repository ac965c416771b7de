"""The public pool: claims, saved filters, what leads are found by, bulk assignments."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from leads.tables.leads import POOL_FACETS, POOL_LINE
from leads.tables.metadata import count, identifier, instant, metadata, words

WORDS = ("names", "sound", "initials", "phone")

pool_claim = Table(
    "pool_claim",
    metadata,
    identifier("claim_id", primary_key=True),
    identifier("lead_id", nullable=False),
    Column("employee_id", Text, nullable=False),
    # Shanghai.
    Column("day", Date, nullable=False),
    instant("claimed_at", nullable=False),
    instant("protected_until", nullable=False),
    count("extensions"),
    Index("pool_claim_day", "employee_id", "day"),
    Index("pool_claim_lead", "lead_id", "claimed_at"),
)

pool_filter = Table(
    "pool_filter",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("filter", JSONB, nullable=False),
    instant("saved_at", nullable=False),
)

# What a lead is found by (pool/word_rules.py).
lead_words = Table(
    "lead_words",
    metadata,
    identifier("lead_id", primary_key=True),
    *map(words, WORDS),
    Column("pieces", TSVECTOR, nullable=False),
)

# The pool's leads that have their words, kept by triggers (migration 0024): searched by pieces, or walked in its order.
pool_words = Table(
    "pool_words",
    metadata,
    identifier("lead_id", primary_key=True),
    Column("rank", Integer, nullable=False),
    instant("waiting_since", nullable=False),
    *(Column(facet, Text, nullable=False) for facet in POOL_FACETS),
    # NULL where they are too long for the index: lead_words has them.
    *(Column(name, Text) for name in WORDS),
    Column("pieces", TSVECTOR, nullable=False),
    Index("pool_words_line", *POOL_LINE, postgresql_include=[*POOL_FACETS, *WORDS]),
    Index("pool_words_pieces", "pieces", postgresql_using="gin"),
)

bulk_assignment = Table(
    "bulk_assignment",
    metadata,
    identifier("batch_id", primary_key=True),
    words("by"),
    words("unit"),
    words("reason"),
    instant("assigned_at", nullable=False),
    instant("undone_at"),
)

bulk_assigned = Table(
    "bulk_assigned",
    metadata,
    Column("batch_id", Uuid(as_uuid=False), ForeignKey("bulk_assignment.batch_id"), primary_key=True),
    identifier("lead_id", primary_key=True),
    Column("employee_id", Text, nullable=False),
    # As the lead was before (lead/snapshot.py), and its version after.
    Column("before", JSONB, nullable=False),
    count("version"),
)
