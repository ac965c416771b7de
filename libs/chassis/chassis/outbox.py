"""Events out: rows in the transaction that caused them.

Guarantee: an event is published if and only if its transaction committed. Order holds per aggregate, provided the
aggregate's row is locked or version-checked before the event is recorded.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.events import Cause, EventCatalog, envelope
from chassis.kernel.ids import new_id
from chassis.telemetry import trace_headers

BUCKETS = 16
# A document of PostgreSQL holds 256 MB at most, and sorting a long one goes to the disk.
_AT_ONCE = 2_000
_TURN = 7_040_003  # advisory lock key: one refill at a time
_COLUMNS = "seq, id, bucket, aggregate_id, topic, type, headers, data, occurred_at, recorded_at"
# A statement of one shape for any number of rows: half the price of one with a parameter per value, and less for many.
_APPEND = text("""
    INSERT INTO outbox (id, bucket, aggregate_id, topic, type, headers, data, occurred_at)
    SELECT id, bucket, aggregate_id, topic, type, headers, decode(data, 'base64'), occurred_at
    FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS (
        id uuid, bucket smallint, aggregate_id text, topic text, type text, headers jsonb, data text,
        occurred_at timestamptz
    )) WITH ORDINALITY ORDER BY ordinality
""")
_BACK = text(f"""
    WITH back AS (DELETE FROM outbox_sent WHERE recorded_at >= :since RETURNING {_COLUMNS})
    INSERT INTO outbox ({_COLUMNS}) OVERRIDING SYSTEM VALUE SELECT {_COLUMNS} FROM back
    ON CONFLICT (seq) DO NOTHING
""")  # noqa: S608 - fixed column names


@dataclass(frozen=True)
class OutboxRow:
    id: str
    bucket: int
    aggregate_id: str
    topic: str
    type: str
    headers: dict[str, str]
    data: bytes
    occurred_at: datetime


def bucket_of(aggregate_id: str) -> int:
    """All events of an aggregate share a bucket; a relay takes whole buckets, so order survives many relays."""
    return crc32(aggregate_id.encode()) % BUCKETS


def outbox_row(catalog: EventCatalog, event: object, *, service: str, at: datetime, cause: Cause) -> OutboxRow:
    """Encode an event with its envelope. Raises UnknownEvent or DoesNotFit."""
    encoded = catalog.encode(event)
    event_id = new_id()
    headers = envelope(
        event_id=event_id,
        type=encoded.contract.type,
        source=f"/closeloop/{service}",
        time=at,
        key=encoded.key,
        causation_id=cause.causation_id,
        correlation_id=cause.correlation_id or event_id,
    )
    return OutboxRow(
        id=event_id,
        bucket=bucket_of(encoded.key),
        aggregate_id=encoded.key,
        topic=encoded.contract.topic,
        type=encoded.contract.type,
        headers=headers | trace_headers(),
        data=encoded.data,
        occurred_at=at,
    )


def append(connection: Connection, rows: Sequence[OutboxRow]) -> None:
    """Insert in the given order."""
    for start in range(0, len(rows), _AT_ONCE):
        some = [_as_json(row) for row in rows[start : start + _AT_ONCE]]
        connection.execute(_APPEND, {"rows": json.dumps(some, ensure_ascii=False)})


def refill(database: Database, since: datetime) -> int:
    """Bring sent events recorded since then (real time) back; returns how many. Relays send them again.

    For a broker that lost them, or a consumer that has to hear them again. They keep ids, keys and order, so consumers
    that had them skip them by their inbox.
    """
    with database.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        return connection.execute(_BACK, {"since": since}).rowcount


def _as_json(row: OutboxRow) -> dict[str, object]:
    return vars(row) | {"data": b64encode(row.data).decode(), "occurred_at": row.occurred_at.isoformat()}
