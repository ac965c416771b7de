"""Which events this service has had.

Guarantee: an event's effect happens once per consumer. Its inbox row is written in the effect's transaction; a second
delivery finds it, and one that comes at the same time waits for the first to commit or roll back. Kept 14 days.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

_CLAIM = text("""
    INSERT INTO inbox (consumer, event_id)
    SELECT :consumer, event_id FROM unnest(CAST(string_to_array(:ids, ',') AS uuid[])) AS event_id ORDER BY event_id
    ON CONFLICT DO NOTHING RETURNING CAST(event_id AS text)
""")
_RELEASE = text("DELETE FROM inbox WHERE consumer = :consumer AND event_id = ANY(CAST(:ids AS uuid[]))")


def claim(connection: Connection, consumer: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that are new; from now on they are had, if this transaction commits.

    They go as one text: the driver looks into each element of a list.
    """
    if not ids:
        return set()
    return set(connection.scalars(_CLAIM, {"consumer": consumer, "ids": ",".join(ids)}))


def release(connection: Connection, consumer: str, ids: Collection[str]) -> None:
    """Claimed in this transaction, but not handled after all."""
    if ids:
        connection.execute(_RELEASE, {"consumer": consumer, "ids": list(ids)})
