"""Contacts with customers in every channel, as activity tells them, and those brought along from elsewhere."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, text

from leads.tables.metadata import identifier, instant, metadata, words

interaction = Table(
    "interaction",
    metadata,
    # Of the follow-up or call in activity, where the whole of it stands; of a migrated one its own.
    Column("reference", Text, primary_key=True),
    # call, wechat, visit, meeting, email, form.
    Column("channel", Text, nullable=False),
    words("direction"),
    words("outcome"),
    # activity, migrated or handover.
    Column("source", Text, nullable=False),
    # Either or both; a lead's customer is the one it is linked to when the list is read.
    identifier("customer_id"),
    identifier("lead_id"),
    words("by"),
    words("need"),
    # Of a migrated one: what was written, since no other system here has it.
    words("text"),
    words("next_step"),
    # When it was promised for.
    instant("next_step_due_at"),
    # Of the system it came from; the same twice is one.
    words("external_id"),
    instant("at", nullable=False),
    identifier("import_id"),
    Index("interaction_customer", "customer_id", "at", "reference"),
    Index("interaction_lead", "lead_id", "at", "reference"),
    Index("interaction_external", "external_id", unique=True, postgresql_where=text("external_id <> ''")),
    Index("interaction_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
)
