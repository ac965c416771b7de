"""Feeds: state, runs, quarantine."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, DateTime, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from integration.tables.metadata import instant, metadata, words

feed = Table(
    "feed",
    metadata,
    Column("feed", Text, primary_key=True),
    # new, healthy, degraded, down
    Column("health", Text, nullable=False, server_default=text("'new'")),
    instant("health_since", nullable=True),
    words("reason"),
    words("reason_zh"),
    words("checkpoint"),
    instant("first_run_at", nullable=True),
    instant("last_run_at", nullable=True),
    instant("last_success_at", nullable=True),
    instant("next_run_at", nullable=True),
    instant("complete_until", nullable=True),
    # Failed runs since the last success.
    Column("failures", Integer, nullable=False, server_default=text("0")),
    words("error_class"),
    Column("holes", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # What was unusual about yesterday's volume, looked at once a day.
    Column("volume_on", Date, nullable=True),
    words("volume"),
    words("volume_zh"),
    # Field paths seen so far with their types; `schema_fingerprint` is their hash.
    Column("shape", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    words("schema_fingerprint"),
    # Who runs it now, and until when nobody else may (real time).
    Column("lease", Uuid(as_uuid=False), nullable=True),
    Column("lease_until", DateTime(timezone=True), nullable=True),
)

feed_run = Table(
    "feed_run",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("feed", Text, nullable=False),
    instant("started_at"),
    instant("finished_at", nullable=True),
    # running, ok, failed
    Column("outcome", Text, nullable=False),
    words("error_class"),
    words("error"),
    Column("records_in", Integer, nullable=False, server_default=text("0")),
    Column("records_new", Integer, nullable=False, server_default=text("0")),
    Column("duplicates", Integer, nullable=False, server_default=text("0")),
    Column("corrected", Integer, nullable=False, server_default=text("0")),
    Column("rejected", Integer, nullable=False, server_default=text("0")),
    words("checkpoint_before"),
    words("checkpoint_after"),
    words("schema_fingerprint"),
    # Caller and request id of a run by hand: a repeated request finds its run.
    Column("request_key", Text, nullable=True, unique=True),
    # A large file handed in, which a job keeps.
    Column("file_id", Text, nullable=True),
    Index("feed_run_feed", "feed", "id"),
    Index("feed_run_queued", "id", postgresql_where=text("file_id IS NOT NULL AND outcome = 'running'")),
)

feed_alert = Table(
    "feed_alert",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("feed", Text, nullable=False),
    # open, acknowledged, escalated, resolved
    Column("state", Text, nullable=False, server_default=text("'open'")),
    # The worst so far: degraded or down.
    Column("health", Text, nullable=False),
    words("reason"),
    words("reason_zh"),
    instant("opened_at"),
    instant("acknowledged_at", nullable=True),
    words("acknowledged_by"),
    words("note"),
    instant("escalated_at", nullable=True),
    instant("resolved_at", nullable=True),
    # A feed has one alert at a time.
    Index("feed_alert_open", "feed", unique=True, postgresql_where=text("state <> 'resolved'")),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("feed", Text, nullable=False),
    Column("run_id", Uuid(as_uuid=False), nullable=False),
    # Where in the source: file, entry, page and row.
    words("place"),
    # Identity of the record when it could be read: a later good one supersedes the bad one.
    words("record_key"),
    words("field"),
    words("reason"),
    words("reason_zh"),
    Column("raw", Text, nullable=False),
    # pull or file. A bad file somebody handed in says nothing about the health of the feed.
    Column("origin", Text, nullable=False, server_default=text("'pull'")),
    # False: no replay can read it, since more than it was refused; its file is handed in again.
    Column("alone", Boolean, nullable=False, server_default=text("true")),
    instant("at"),
    # When a replay last tried it: what fails again goes behind what was not tried for longer.
    instant("tried_at", nullable=True),
    # waiting, replayed, superseded, dismissed
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    instant("settled_at", nullable=True),
    # Who asked to dismiss a bank's row, which another person does; and who dismissed a row.
    words("asked_by"),
    words("asked_why"),
    words("dismissed_by"),
    words("dismissed_why"),
    instant("dismissed_at", nullable=True),
    Index("quarantine_dismissed", "feed", "record_key", postgresql_where=text("state = 'dismissed'")),
    Index("quarantine_page", "id", postgresql_where=text("state = 'waiting'")),
    Index("quarantine_feed", "feed", "id"),
    Index("quarantine_key", "feed", "record_key", postgresql_where=text("state = 'waiting'")),
)
