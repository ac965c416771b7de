"""What suggestions that two records are one have in common, and merges: of leads and of customers (LD1.4)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from leads.tables.metadata import identifier, instant, metadata, words


def suggestions(name: str, subject: str, *more: SchemaItem) -> Table:
    """`subject`: the newer record; `other_id`: the one it may be."""
    return Table(
        name,
        metadata,
        identifier("suggestion_id", primary_key=True),
        identifier(subject, nullable=False),
        identifier("other_id", nullable=False),
        # open, accepted, refused.
        Column("state", Text, nullable=False),
        instant("made_at", nullable=False),
        words("decided_by"),
        instant("decided_at"),
        words("reason"),
        UniqueConstraint(subject, "other_id", name=f"{name}_once"),
        *more,
    )


def merges(name: str, *more: SchemaItem) -> Table:
    """`taken_over`: what the kept one took over from the merged one: column → before, after."""
    return Table(
        name,
        metadata,
        identifier("merge_id", primary_key=True),
        identifier("kept_id", nullable=False),
        identifier("merged_id", nullable=False),
        words("merged_by"),
        instant("merged_at", nullable=False),
        words("reason"),
        Column("taken_over", JSONB, nullable=False),
        words("unmerged_by"),
        instant("unmerged_at"),
        words("unmerge_reason"),
        Index(f"{name}_kept", "kept_id", "merged_at"),
        Index(f"{name}_current", "merged_id", unique=True, postgresql_where=text("unmerged_at IS NULL")),
        *more,
    )
