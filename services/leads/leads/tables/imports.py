"""Imports of leads and their refused rows."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words

lead_import = Table(
    "lead_import",
    metadata,
    identifier("import_id", primary_key=True),
    Column("state", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    words("encoding"),
    # The checkpoint: rows dealt with, committed with what they made.
    count("rows_read"),
    count("created"),
    count("appended"),
    count("failed"),
    Column("started_by", Text, nullable=False),
    words("unit"),
    instant("started_at", nullable=False),
    instant("finished_at"),
    words("error"),
    Column("cancel", Boolean, nullable=False, server_default=text("false")),
    Index("lead_import_running", "started_at", postgresql_where=text("state = 'running'")),
)

lead_import_error = Table(
    "lead_import_error",
    metadata,
    identifier("import_id", primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    words("value"),
    Column("message", Text, nullable=False),
    Column("message_zh", Text, nullable=False),
)
