"""Leads that are probably the same: what names are compared by, suggestions, merges."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words

# What a lead's name is compared by (duplicates/near_rules.py).
lead_name = Table(
    "lead_name",
    metadata,
    identifier("lead_id", primary_key=True),
    words("city"),
    Column("name_key", Text, nullable=False),
    Column("parent_key", Text),
    Column("length", Integer, nullable=False),
    Index("lead_name_long", "city", postgresql_where=text("length >= 12")),
    Index("lead_name_key", "name_key"),
    Index("lead_name_parent", "parent_key", postgresql_where=text("parent_key IS NOT NULL")),
)

# Numbers of a short name's forms within its city: two names that are near share one.
lead_form = Table(
    "lead_form",
    metadata,
    Column("form", BigInteger, primary_key=True, autoincrement=False),
    identifier("lead_id", primary_key=True),
)

lead_suggestion = Table(
    "lead_suggestion",
    metadata,
    identifier("suggestion_id", primary_key=True),
    # The newer lead, and the one it may be.
    identifier("lead_id", nullable=False),
    identifier("other_id", nullable=False),
    Column("score", Double, nullable=False),
    # open, accepted, refused.
    Column("state", Text, nullable=False),
    identifier("import_id"),
    instant("made_at", nullable=False),
    words("decided_by"),
    instant("decided_at"),
    words("reason"),
    UniqueConstraint("lead_id", "other_id", name="lead_suggestion_once"),
    Index("lead_suggestion_open", "suggestion_id", postgresql_where=text("state = 'open'")),
    Index("lead_suggestion_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
)

lead_merge = Table(
    "lead_merge",
    metadata,
    identifier("merge_id", primary_key=True),
    identifier("kept_id", nullable=False),
    identifier("merged_id", nullable=False),
    words("merged_by"),
    instant("merged_at", nullable=False),
    words("reason"),
    # How the merged lead stood, with its clocks; what the other took over from it: column → before, after.
    Column("standing", JSONB, nullable=False),
    Column("clocks", JSONB, nullable=False),
    Column("taken_over", JSONB, nullable=False),
    count("touches"),
    words("unmerged_by"),
    instant("unmerged_at"),
    words("unmerge_reason"),
    Index("lead_merge_kept", "kept_id", "merged_at"),
    Index("lead_merge_current", "merged_id", unique=True, postgresql_where=text("unmerged_at IS NULL")),
)
