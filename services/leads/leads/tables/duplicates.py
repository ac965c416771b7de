"""Leads that are probably the same: what names are compared by, suggestions, merges."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.merge_records import merges, suggestions
from leads.tables.metadata import count, identifier, metadata, words

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

lead_suggestion = suggestions(
    "lead_suggestion",
    "lead_id",
    Column("score", Double, nullable=False),
    identifier("import_id"),
    Index("lead_suggestion_open", "suggestion_id", postgresql_where=text("state = 'open'")),
    Index("lead_suggestion_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
)

lead_merge = merges(
    "lead_merge",
    # How the merged lead stood, with its clocks.
    Column("standing", JSONB, nullable=False),
    Column("clocks", JSONB, nullable=False),
    count("touches"),
)
