"""SQL by which a replica may answer from memory for a moment (ADR 0014).

Who changes somebody's status holds the lock alone until it commits, and half a second at least: triggers of migration
0019, so whoever writes. Who holds it together with others reads what nobody is about to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from integration.directory.store import AS_OF
from integration.tables import directory_revision, directory_state, employee

LOCK = 7_040_101
State = tuple[str, datetime | None]


@dataclass(frozen=True)
class Stamp:
    """Two that are the same were read of the same directory. `revision` is drawn anew by each change, so that a standby
    which lacks the last ones and went on differently has another."""

    revision: str | None
    as_of: datetime | None


# A process that stands still between two statements holds up nobody for longer than this.
_STANDSTILL = func.set_config("idle_in_transaction_session_timeout", "2s", True)
_TOGETHER = select(func.pg_try_advisory_xact_lock_shared(LOCK).label("held"), _STANDSTILL)
_STAMP = select(
    select(directory_revision.c.revision).where(directory_revision.c.id == 1).scalar_subquery().label("revision"),
    select(directory_state.c.as_of).where(directory_state.c.id == 1).scalar_subquery().label("as_of"),
)
_EVERYBODY = select(employee.c.employee_id, employee.c.status, AS_OF).outerjoin(
    directory_state, directory_state.c.id == 1
)


def hold_together(conn: Connection) -> bool:
    """Until the transaction ends. False while somebody's status is about to change."""
    return bool(conn.execute(_TOGETHER).one().held)


def stamp(conn: Connection) -> Stamp:
    """To be read in a statement after the lock: one statement for both would look before it had the lock."""
    row = conn.execute(_STAMP).one()
    return Stamp(row.revision, row.as_of)


def everybody(conn: Connection) -> Mapping[str, State]:
    """Status and age by employee id."""
    return {employee_id: (status, as_of) for employee_id, status, as_of in conn.execute(_EVERYBODY)}
