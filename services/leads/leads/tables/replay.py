"""Replays of the past under a draft policy."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words

policy_replay = Table(
    "policy_replay",
    metadata,
    identifier("replay_id", primary_key=True),
    # running, done, failed.
    Column("state", Text, nullable=False),
    Column("draft_version", Integer, nullable=False),
    Column("live_version", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    words("started_by"),
    instant("started_at", nullable=False),
    instant("finished_at"),
    count("leads"),
    Column("report", JSONB(none_as_null=True)),
    words("error"),
    Index("policy_replay_running", "started_at", postgresql_where=text("state = 'running'")),
    Index("policy_replay_listed", "started_at", "replay_id"),
)
