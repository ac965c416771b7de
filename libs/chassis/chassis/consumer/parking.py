"""The table of events that wait: the head of a key is retried or dead, later ones of the key wait behind it.

Guarantee: a key is blocked exactly as long as it has a head. A poll takes a share lock on the heads it meets, so an
event can't be parked behind a head that a retry is just clearing away.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from chassis import inbox
from chassis.errors import NotFound
from chassis.events import Record

Key = tuple[str, str]

# Mostly nothing waits at all, and then the keys, a thousand texts, need not be sent.
_ANY = text("SELECT EXISTS (SELECT FROM parked_event WHERE consumer = :consumer AND state <> 'skipped')")
_WAITS = text("""
    SELECT EXISTS (
        SELECT FROM parked_event WHERE consumer = :consumer AND state <> 'skipped'
            AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    )
""")
_HEADS = text("""
    SELECT topic, key FROM parked_event
    WHERE consumer = :consumer AND state IN ('retrying', 'dead')
      AND (topic, key) IN (SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:keys AS text[])))
    FOR SHARE
""")
_PARK = text("""
    INSERT INTO parked_event
        (consumer, event_id, topic, partition, "offset", key, type, headers, data, state, attempts, reason, retry_at)
    VALUES (:consumer, :event_id, :topic, :partition, :offset, :key, :type, CAST(:headers AS jsonb), :data, :state,
        :attempts, :reason, clock_timestamp() + make_interval(secs => :pause))
    ON CONFLICT (consumer, event_id) DO NOTHING
""")
_COLUMNS = 'id, event_id, topic, partition, "offset", key, type, headers, data, state, attempts, reason'
_DUE = text(f"""
    SELECT {_COLUMNS} FROM parked_event
    WHERE consumer = :consumer AND state = 'retrying' AND retry_at <= clock_timestamp()
    ORDER BY retry_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - fixed column names
_BEHIND = text(f"""
    SELECT {_COLUMNS} FROM parked_event
    WHERE consumer = :consumer AND topic = :topic AND key = :key AND state = 'waiting' AND id > :id
    ORDER BY id LIMIT 1 FOR UPDATE
""")  # noqa: S608 - fixed column names
_FAIL = text("""
    UPDATE parked_event SET state = :state, attempts = :attempts, reason = :reason,
        retry_at = clock_timestamp() + make_interval(secs => :pause)
    WHERE id = :id
""")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM parked_event WHERE consumer = :consumer AND state <> 'skipped' ORDER BY id LIMIT :limit
""")  # noqa: S608 - fixed column names
_ONE = text(f"SELECT {_COLUMNS}, consumer FROM parked_event WHERE id = :id FOR UPDATE")  # noqa: S608 - fixed names


@dataclass(frozen=True)
class Decision:
    """What becomes of an event now: state "retrying" with a pause in seconds, "dead" or "waiting"."""

    state: str
    attempts: int = 0
    reason: str = ""
    pause: float = 0.0


@dataclass(frozen=True)
class ParkedEvent:
    id: int
    event_id: str
    state: str
    attempts: int
    reason: str
    record: Record


def blocked_keys(connection: Connection, consumer: str, keys: Collection[Key]) -> set[Key]:
    """Those of the keys that have a head. Waits for a retry that is at work on one of them."""
    if not keys or not connection.scalar(_ANY, {"consumer": consumer}):
        return set()
    asked = {"consumer": consumer, "topics": [topic for topic, _ in keys], "keys": [key for _, key in keys]}
    if not connection.scalar(_WAITS, asked):
        return set()
    # Whoever was waited for may have made the event behind it the head, which a statement that began before does not
    # see: only what two statements agree on holds.
    found: set[Key] | None = None
    while (heads := {(row.topic, row.key) for row in connection.execute(_HEADS, asked)}) != found:
        found = heads
    return heads


def park(connection: Connection, consumer: str, events: Sequence[tuple[Record, Decision]]) -> None:
    """Once per event: a redelivered one is parked already."""
    if events:
        connection.execute(_PARK, [_row(consumer, record, decision) for record, decision in events])


def next_due(connection: Connection, consumer: str) -> ParkedEvent | None:
    """A head whose pause is over, locked; None when there is none that another replica isn't at."""
    row = connection.execute(_DUE, {"consumer": consumer}).first()
    return _event(row) if row else None


def next_behind(connection: Connection, consumer: str, head: ParkedEvent) -> ParkedEvent | None:
    place = {"topic": head.record.topic, "key": head.record.key, "id": head.id}
    row = connection.execute(_BEHIND, {"consumer": consumer, **place}).first()
    return _event(row) if row else None


def fail(connection: Connection, event: ParkedEvent, decision: Decision) -> None:
    connection.execute(_FAIL, {"id": event.id, **vars(decision)})


def done(connection: Connection, consumer: str, event: ParkedEvent) -> None:
    """Handled: off the list and into the inbox, in the effect's transaction."""
    connection.execute(text("DELETE FROM parked_event WHERE id = :id"), {"id": event.id})
    inbox.claim(connection, consumer, _real_id(event))


def parked_events(connection: Connection, consumer: str, limit: int = 100) -> list[ParkedEvent]:
    """What waits, oldest first."""
    return [_event(row) for row in connection.execute(_LIST, {"consumer": consumer, "limit": limit})]


def replay_parked(connection: Connection, consumer: str, key: str) -> int:
    """Let the consumer try the dead heads of this key again at once; the rest of the key follows in order."""
    statement = text("""
        UPDATE parked_event SET state = 'retrying', attempts = 0, retry_at = clock_timestamp()
        WHERE consumer = :consumer AND key = :key AND state IN ('dead', 'retrying')
    """)
    return connection.execute(statement, {"consumer": consumer, "key": key}).rowcount


def skip_parked(connection: Connection, parked_id: int) -> None:
    """Let go of one event for good; the one behind it is tried at once. Raises NotFound."""
    row = connection.execute(_ONE, {"id": parked_id}).first()
    if row is None or row.state == "skipped":
        raise NotFound
    event = _event(row)
    connection.execute(text("UPDATE parked_event SET state = 'skipped' WHERE id = :id"), {"id": parked_id})
    inbox.claim(connection, row.consumer, _real_id(event))
    behind = next_behind(connection, row.consumer, event) if event.state != "waiting" else None
    if behind:
        fail(connection, behind, Decision("retrying"))


def _real_id(event: ParkedEvent) -> list[str]:
    """A record that could not be read has no id of its own."""
    try:
        return [str(UUID(event.event_id))]
    except ValueError:
        return []


def _row(consumer: str, record: Record, decision: Decision) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "event_id": record.event_id or f"{record.topic}/{record.partition}/{record.offset}",
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "type": record.type,
        "headers": json.dumps(record.headers),
        "data": record.data,
        **vars(decision),
    }


def _event(row: Any) -> ParkedEvent:
    record = Record(row.topic, row.partition, row.offset, row.key, row.headers, bytes(row.data))
    return ParkedEvent(row.id, row.event_id, row.state, row.attempts, row.reason, record)
