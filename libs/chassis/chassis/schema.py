"""The chassis tables that every service database has, on one page.

Guarantee: `create_v1` in a service's first migration makes exactly what is described here; a test compares them.
Times named `recorded_at`, `sent_at`, `received_at`, `parked_at`, `retry_at` and `created_at` are real time, the others
are business time (they move in local mode).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

if TYPE_CHECKING:
    from alembic.operations import Operations

metadata = MetaData()


def _instant(name: str, *, nullable: bool = False, now: bool = False) -> Column[object]:
    default = text("clock_timestamp()") if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


# -- events out ----------------------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("id", Uuid(as_uuid=False), nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _instant("occurred_at"),
    _instant("recorded_at", now=True),
    Index("outbox_bucket", "bucket", "seq"),
)

# Daily partitions by sent_at, made and dropped by the relay (see chassis.relay).
outbox_sent = Table(
    "outbox_sent",
    metadata,
    Column("seq", BigInteger, nullable=False),
    Column("id", Uuid(as_uuid=False), nullable=False),
    Column("bucket", SmallInteger, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("data", LargeBinary, nullable=False),
    _instant("occurred_at"),
    _instant("recorded_at"),
    _instant("sent_at", now=True),
    postgresql_partition_by="RANGE (sent_at)",
)

# -- events in -----------------------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    _instant("received_at", now=True),
    Index("inbox_received", "received_at", postgresql_using="brin"),
)

parked_event = Table(
    "parked_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("data", LargeBinary, nullable=False),
    # retrying: head of its key, tried again at retry_at. dead: head, waits for replay or skip by command.
    # waiting: parked behind the head of its key. skipped: let go by command, kept for the record.
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    _instant("parked_at", now=True),
    _instant("retry_at", nullable=True),
    Index("parked_event_once", "consumer", "event_id", unique=True),
    Index("parked_event_key", "consumer", "topic", "key", "id", postgresql_where=text("state <> 'skipped'")),
    Index("parked_event_retry", "retry_at", postgresql_where=text("state = 'retrying'")),
)

# -- requests ------------------------------------------------------------------------------------------------------

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("rpc", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    # Null only inside the transaction that claimed the key.
    Column("answer", LargeBinary, nullable=True),
    _instant("created_at", now=True),
    Index("idempotency_created", "created_at", postgresql_using="brin"),
)

# -- audit ---------------------------------------------------------------------------------------------------------

audit_row = Table(
    "audit_row",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    _instant("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("before", JSONB, nullable=True),
    Column("after", JSONB, nullable=True),
    Column("why", Text, nullable=False, server_default=text("''")),
    # From where: RPC, event or job that caused it.
    Column("source", Text, nullable=False, server_default=text("''")),
    Column("trace_id", Text, nullable=False, server_default=text("''")),
    _instant("recorded_at", now=True),
    Index("audit_row_entity", "entity", "entity_id", "at"),
)

# Rows the sealer has not chained yet. Written with the row, so that sealing never searches ten years of rows.
audit_unsealed = Table(
    "audit_unsealed",
    metadata,
    Column("row_id", Uuid(as_uuid=False), primary_key=True),
    _instant("recorded_at", now=True),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("row_id", Uuid(as_uuid=False), nullable=False, unique=True),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    _instant("sealed_at", now=True),
)

# -- time ----------------------------------------------------------------------------------------------------------

deadline = Table(
    "deadline",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    _instant("due_at"),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("policy_version", Integer, nullable=False, server_default=text("0")),
    # pending, fired, stopped
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    _instant("fired_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    _instant("retry_at", nullable=True),
    Index("deadline_pending", "kind", "subject_id", unique=True, postgresql_where=text("state = 'pending'")),
    Index("deadline_due", "due_at", postgresql_where=text("state = 'pending'")),
    Index("deadline_subject", "subject_id", postgresql_where=text("state = 'pending'")),
)

job = Table(
    "job",
    metadata,
    Column("name", Text, primary_key=True),
    # When it is due, in words; a changed schedule makes next_due anew.
    Column("schedule", Text, nullable=False),
    _instant("next_due"),
    _instant("last_run_at", nullable=True),
    _instant("last_success_at", nullable=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    _instant("retry_at", nullable=True),
)

# -- settings ------------------------------------------------------------------------------------------------------

policy_version = Table(
    "policy_version",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # draft, published
    Column("state", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("author", Text, nullable=False),
    _instant("drafted_at"),
    Column("publisher", Text, nullable=True),
    _instant("published_at", nullable=True),
    _instant("effective_at", nullable=True),
)

# The outbox empties all day long: vacuum by count, since a share of an empty table never comes.
_BUSY = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000"


def create_v1(op: Operations) -> None:
    """All chassis tables as of version 1. Called by 0001_initial of each service.

    Frozen with the first release: a later change to a table above adds a `create_v2` of ALTER statements and keeps
    the old shape here.
    """
    metadata.create_all(op.get_bind())
    op.execute(f"ALTER TABLE outbox SET ({_BUSY})")
    op.execute(f"ALTER TABLE parked_event SET ({_BUSY})")
    op.execute(f"ALTER TABLE audit_unsealed SET ({_BUSY})")
