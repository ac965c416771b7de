"""Which part of the log this replica reads: whole lanes. Lane k is the k-th partition of every topic.

The lanes are shared out by locks in the service's own database, where the effects go as well, and not by the broker's
consumer groups (docs/adr/0010): who can't commit effects holds no lane, a lane of a dead replica is free at once, and
the other replicas read on while lanes change hands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from chassis.consumer.trouble import own_database
from chassis.database import Database

# First number of the two-number advisory lock. The second is 0, shared by all members, or the lane's number + 1.
_LANES = 46
_JOIN = text(f"SELECT pg_advisory_lock_shared({_LANES}, 0)")
_MEMBERS = text(f"""
    SELECT pid = pg_backend_pid() FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {_LANES} AND objid = 0 AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY pid
""")  # noqa: S608 - a fixed number
_TAKE = text(f"SELECT pg_try_advisory_lock({_LANES}, :lane + 1)")
_LEAVE = text("SELECT pg_advisory_unlock_all()")
_GIVE_BACK = text(f"SELECT pg_advisory_unlock({_LANES}, :lane + 1)")


def share(lanes: int, members: int, rank: int) -> int:
    """How many lanes the member of this rank (0 to members - 1) reads; all shares together are all lanes."""
    return lanes // members + (rank < lanes % members)


class Lanes:
    """Guarantee: a lane has at most one holder; a free one is taken at the next `settle` of a replica below its share.

    A session of its own holds the locks: they end with it, however the process ends.
    """

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url, pool_size=1)
        self._session: Connection | None = None
        self._held: set[int] = set()

    def settle(self, lanes: int) -> frozenset[int]:
        """Give back and take until this replica has its share. Raises DatabaseAway; then close, for none is held."""
        with own_database():
            session = self._session = self._session or self._join()
            mine = list(session.scalars(_MEMBERS))
            fair = share(lanes, len(mine), mine.index(True))
            self._give_back(session, sorted(self._held)[fair:])
            self._take(session, fair, range(lanes))
        return frozenset(self._held)

    def close(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            with contextlib.suppress(SQLAlchemyError):
                session.execute(_LEAVE)  # sooner than the server sees the connection's end
            session.invalidate()  # back in the pool it would keep what it still has
            session.close()
        self._database.close()

    def _join(self) -> Connection:
        session = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.execute(_JOIN)
        return session

    def _give_back(self, session: Connection, lanes: Iterable[int]) -> None:
        for lane in lanes:
            session.execute(_GIVE_BACK, {"lane": lane})
            self._held.discard(lane)

    def _take(self, session: Connection, fair: int, lanes: Iterable[int]) -> None:
        for lane in lanes:
            if len(self._held) >= fair:
                return
            if lane not in self._held and session.scalar(_TAKE, {"lane": lane}):
                self._held.add(lane)
