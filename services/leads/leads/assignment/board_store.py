"""SQL of the board: the versioned inputs of a decision, live or as an earlier decision saw them.

A row is versioned by the transaction that wrote it (`xid`), a view by its snapshot (`pg_snapshot`): the same queries
read the present and the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from leads.assignment.fair_turn_rules import Turn
from leads.lead.rules import Grade

_COLUMNS = """
    employee_id, number, name, status, unit, team, manager_id, position, duties, hired_on, latitude, longitude,
    radius_km, province, city, grades, industries, baseline, open_a, open_b, open_c, a_day, a_taken, last_assigned_at,
    version, revision, paused_at
"""

_SNAPSHOT = text("""
    SELECT s::text AS snapshot, pg_snapshot_xmin(s)::text AS oldest,
        ARRAY(SELECT grade FROM load_mode WHERE high) AS high_load,
        EXISTS (SELECT FROM closed_lead WHERE xid >= CAST(:oldest AS xid8)) AS closed_changed
    FROM pg_current_snapshot() AS s
""")

# What a transaction that was still running at `oldest`, or began later, has changed.
_CHANGED_REPS = text(f"SELECT {_COLUMNS} FROM rep WHERE xid >= CAST(:oldest AS xid8)")  # noqa: S608 - fixed columns

_REPS_THEN = text("""
    SELECT earlier.* FROM rep AS now
    CROSS JOIN LATERAL (
        SELECT row_then.* FROM rep_revision AS kept, jsonb_populate_record(NULL::rep, kept."row") AS row_then
        WHERE kept.employee_id = now.employee_id AND pg_visible_in_snapshot(kept.xid, CAST(:snapshot AS pg_snapshot))
        ORDER BY kept.revision DESC LIMIT 1
    ) AS earlier
""")

_TURNS = """
    SELECT decision_id, at, grade, outcome, winner_id, band, band_size FROM decision WHERE {seen}
"""
_NEW_TURNS = text(_TURNS.format(seen="winner_id <> '' AND at >= :since AND xid >= CAST(:oldest AS xid8)"))
_TURNS_THEN = text(
    _TURNS.format(
        seen="outcome = 'assigned' AND at >= :since AND grade = :grade"
        " AND pg_visible_in_snapshot(xid, CAST(:snapshot AS pg_snapshot))"
    )
)
_AHEAD = text(
    _TURNS.format(
        # Decisions of a batch are microseconds apart.
        seen="outcome = 'assigned' AND at <= :at AND at > CAST(:at AS timestamptz) - interval '1 second'"
        " AND body->'batch'->>'id' = :batch"
        " AND CAST(body->'batch'->>'place' AS integer) < :place"
    )
    + " ORDER BY CAST(body->'batch'->>'place' AS integer)"
)

# All of that at once, for the many looks at which little has changed: turns as columns, on the first row.
_LOOK = text(f"""
    WITH changed AS (
        SELECT row_number() OVER () AS place, {_COLUMNS} FROM rep WHERE xid >= CAST(:oldest AS xid8)
    ), turn AS (
        SELECT array_agg(decision_id) AS decision_ids, array_agg(at) AS ats, array_agg(grade) AS turn_grades,
            array_agg(outcome) AS outcomes, array_agg(winner_id) AS winner_ids, array_agg(band) AS bands,
            array_agg(band_size) AS band_sizes
        FROM decision WHERE winner_id <> '' AND at >= :since AND xid >= CAST(:oldest AS xid8)
    )
    SELECT s::text AS snapshot, pg_snapshot_xmin(s)::text AS oldest,
        ARRAY(SELECT grade FROM load_mode WHERE high) AS high_load,
        EXISTS (SELECT FROM closed_lead WHERE xid >= CAST(:oldest AS xid8)) AS closed_changed,
        turn.*, changed.*
    FROM pg_current_snapshot() AS s LEFT JOIN changed ON TRUE LEFT JOIN turn ON coalesce(place, 1) = 1
    ORDER BY place
""")  # noqa: S608 - fixed columns

_CLOSED = """
    SELECT owner_id, count(*) FILTER (WHERE won) AS won, count(*) AS closed, min(closed_at) AS first FROM closed_lead
    WHERE grade = 'A' AND closed_at >= :since AND {seen} GROUP BY owner_id
"""
_CLOSED_NOW = text(_CLOSED.format(seen="TRUE"))
_CLOSED_THEN = text(_CLOSED.format(seen="pg_visible_in_snapshot(xid, CAST(:snapshot AS pg_snapshot))"))


@dataclass(frozen=True)
class Snapshot:
    """What a transaction sees. `oldest`: the oldest transaction that it may not see.

    `closed_changed`: closed leads have changed since the look before.
    """

    text: str
    oldest: str
    high_load: frozenset[Grade]
    closed_changed: bool


@dataclass(frozen=True)
class Look:
    """What has changed since a look before, as one snapshot shows it."""

    snapshot: Snapshot
    reps: Sequence[Row[Any]]
    turns: Sequence[Turn]


def look(conn: Connection, oldest: str, since: datetime) -> Look:
    """In one statement, so that it needs no transaction to be one look."""
    rows = conn.execute(_LOOK, {"oldest": oldest, "since": since}).all()
    first = rows[0]
    columns = (
        *(first.decision_ids, first.ats, first.turn_grades, first.outcomes),
        *(first.winner_ids, first.bands, first.band_sizes),
    )
    turns = [Turn(*each) for each in zip(*columns, strict=True)] if first.decision_ids else []
    return Look(_snapshot(first), [row for row in rows if row.employee_id is not None], turns)


def snapshot(conn: Connection, oldest_before: str) -> Snapshot:
    return _snapshot(conn.execute(_SNAPSHOT, {"oldest": oldest_before}).one())


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot(row.snapshot, row.oldest, frozenset(Grade(each) for each in row.high_load), row.closed_changed)


def changed_reps(conn: Connection, oldest: str) -> Sequence[Row[Any]]:
    """Reps changed since; a few may be unchanged."""
    return conn.execute(_CHANGED_REPS, {"oldest": oldest}).all()


def reps_then(conn: Connection, snapshot: str) -> Sequence[Row[Any]]:
    return conn.execute(_REPS_THEN, {"snapshot": snapshot}).all()


def new_turns(conn: Connection, oldest: str, since: datetime) -> list[Turn]:
    """Decisions with a winner since; a few may be known already."""
    return [Turn(*row) for row in conn.execute(_NEW_TURNS, {"oldest": oldest, "since": since})]


def turns_then(conn: Connection, snapshot: str, grade: Grade, since: datetime) -> list[Turn]:
    found = conn.execute(_TURNS_THEN, {"snapshot": snapshot, "grade": grade.value, "since": since})
    return [Turn(*row) for row in found]


def closed(conn: Connection, since: datetime, snapshot: str | None = None) -> Sequence[Row[Any]]:
    """A leads won and closed per owner, with the first's time; as a snapshot saw it when one is given."""
    if snapshot is None:
        return conn.execute(_CLOSED_NOW, {"since": since}).all()
    return conn.execute(_CLOSED_THEN, {"since": since, "snapshot": snapshot}).all()


def ahead(conn: Connection, at: datetime, batch_id: str, place: int) -> list[Turn]:
    """What was given before a decision in the same batch, in order: no snapshot shows it."""
    return [Turn(*row) for row in conn.execute(_AHEAD, {"at": at, "batch": batch_id, "place": place})]
