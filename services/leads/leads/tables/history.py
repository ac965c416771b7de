"""Leads of the past."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, DateTime, Index, Table, Text

from leads.tables.metadata import instant, metadata, written_by

closed_lead = Table(
    "closed_lead",
    metadata,
    # The lead's id, or the key in the system it was imported from.
    Column("external_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("won", Boolean, nullable=False),
    instant("closed_at", nullable=False),
    written_by(),
    Index("closed_lead_grade", "grade", "closed_at"),
    Index("closed_lead_xid", "xid"),
)

# What was done on the way to a lead's end.
lead_step = Table(
    "lead_step",
    metadata,
    # As closed_lead.external_id.
    Column("lead_key", Text, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    # call, message, visit; reply: the customer's.
    Column("kind", Text, primary_key=True),
)
