"""Fields of leads as they were, models learned from them, and what each lead is given."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words, words_list

# What was known of a lead from an instant on. A lead of the past that was imported has one row, of when it closed.
lead_fields = Table(
    "lead_fields",
    metadata,
    # As closed_lead.external_id: the lead's id, or the key in the system it was imported from.
    Column("lead_key", Text, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("fields", JSONB, nullable=False),
    words("need"),
    words_list("roles"),
)

# Each training, refused ones too; the newest with a body is in force. Never changed but for `told_at`.
score_model = Table(
    "score_model",
    metadata,
    Column("model_id", BigInteger, Identity(), primary_key=True),
    instant("trained_at", nullable=False),
    words("trained_by"),
    Column("fitted_on", Integer, nullable=False),
    count("won"),
    count("lost"),
    # Base and parts; null when the training was refused.
    Column("body", JSONB(none_as_null=True)),
    Column("quality", JSONB(none_as_null=True)),
    words("why"),
    words("why_zh"),
    # Until then open leads still carry the word of the model before.
    instant("told_at"),
    Index("score_model_in_force", "model_id", postgresql_where=text("body IS NOT NULL")),
)

lead_score = Table(
    "lead_score",
    metadata,
    identifier("lead_id", primary_key=True),
    # Null: only a person has said something.
    Column("model_id", BigInteger),
    Column("probability", Double),
    # [{"field", "level", "log_odds"}] of `probability`.
    Column("parts", JSONB, nullable=False, server_default=text("'[]'")),
    instant("scored_at"),
    # What the last event said, a person's estimate too. Null: nothing yet, or nothing that still holds.
    Column("told", Double),
    # A person's own estimate, kept apart from the model's.
    Column("own_probability", Double),
    words("own_reason"),
    words("own_by"),
    instant("own_at"),
)
