"""Keeps what has to be kept and no longer: sent events and answers 7 days, inbox rows 14 days.

Guarantee: there is always a partition for today's and tomorrow's sent events; dropping a day is dropping a table, never
a long DELETE. All times are real time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from chassis.database import Database

SENT_DAYS = 7
ANSWER_DAYS = 7
INBOX_DAYS = 14
_TURN = 7_040_004  # advisory lock key: one replica tidies at a time
_PREFIX = "outbox_sent_"


def tidy(database: Database, now: datetime | None = None) -> None:
    """Make coming partitions, drop old ones, delete old inbox rows and answers. Safe to repeat and to run twice."""
    now = now or datetime.now(UTC)
    with database.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        _ensure_days(connection, now.date())
        _drop_days_before(connection, now.date() - timedelta(days=SENT_DAYS))
        _delete(connection, "inbox", "received_at", now - timedelta(days=INBOX_DAYS))
        _delete(connection, "idempotency", "created_at", now - timedelta(days=ANSWER_DAYS))


def partitions(connection: Connection) -> set[date]:
    """Days that have a partition of outbox_sent."""
    names = connection.scalars(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'outbox_sent'::regclass")
    )
    return {date.fromisoformat(name.removeprefix(_PREFIX).replace("_", "-")) for name in names}


def _ensure_days(connection: Connection, today: date) -> None:
    existing = partitions(connection)
    for day in (today + timedelta(days=n) for n in range(3)):
        if day not in existing:
            bounds = f"FROM ('{day} 00:00+00') TO ('{day + timedelta(days=1)} 00:00+00')"
            connection.execute(text(f"CREATE TABLE {_name(day)} PARTITION OF outbox_sent FOR VALUES {bounds}"))


def _drop_days_before(connection: Connection, oldest: date) -> None:
    for day in partitions(connection):
        if day < oldest:
            connection.execute(text(f"DROP TABLE {_name(day)}"))


def _delete(connection: Connection, table: str, column: str, before: datetime) -> None:
    connection.execute(text(f"DELETE FROM {table} WHERE {column} < :before"), {"before": before})  # noqa: S608 - fixed


def _name(day: date) -> str:
    return _PREFIX + day.isoformat().replace("-", "_")
