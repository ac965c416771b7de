"""The directory in this process's memory: `CheckStatus` asks no database (N3.1, ADR 0014).

Guarantee: what it answers is what the database would have answered when the call began. A replica answers from memory
only for `LEASE` seconds after it looked; a change of somebody's status waits until all such leases have ended before
it is committed. An age may be that of HR's last answer but one for as long: never younger than it is. Whenever memory
can't vouch for what it holds, it says nothing and the database is asked.

One thing moves that bound: a machine that stood still without its clock noticing, as a virtual one that was paused,
goes on with a lease for the rest of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from chassis import telemetry
from chassis.database import Database
from integration.directory import lease_store
from integration.directory.lease_store import Stamp, State

# Seconds. A longer one needs a longer wait in the triggers first.
LEASE = 0.4
RENEW_AFTER = 0.1
LOOK_FOR_STOP = 0.5
REST_AFTER_FAILURE = 1.0

log = telemetry.logger()


@dataclass(frozen=True)
class _Held:
    """`read_at`: when it was asked for, by a clock that only goes forward."""

    stamp: Stamp | None = None
    people: Mapping[str, State] = field(default_factory=dict)
    read_at: float = float("-inf")


class DirectoryMemory:
    """One per process. Nothing is read unless somebody asks, and nothing is held before `run` runs."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = database_url
        self._clock = clock
        self._held = _Held()
        self._wanted = Event()

    def states(self, employee_ids: Sequence[str]) -> dict[str, State] | None:
        """Of each; None when the database has to be asked: also for somebody who is not known here."""
        held, age = self._held, self._clock() - self._held.read_at
        if age >= RENEW_AFTER:
            self._wanted.set()
        if age >= LEASE:
            return None
        try:
            return {each: held.people[each] for each in employee_ids}
        except KeyError:
            return None

    def run(self, stop: Event) -> None:
        """Renew the lease while it is used."""
        database = Database(self._url, pool_size=1, statement_seconds=10)
        try:
            while not stop.is_set():
                if self._wanted.wait(LOOK_FOR_STOP):
                    self._try_to_renew(database, stop)
                    self._wanted.clear()
        finally:
            database.close()

    def renew(self, database: Database) -> None:
        """No lease while somebody's status is about to change: the one before it has to end."""
        held, read_at = self._held, self._clock()
        with database.begin() as conn:
            if not lease_store.hold_together(conn):
                return
            stamp = lease_store.stamp(conn)
            people = held.people if stamp == held.stamp else lease_store.everybody(conn)
        self._held = _Held(stamp, people, read_at)

    def _try_to_renew(self, database: Database, stop: Event) -> None:
        try:
            self.renew(database)
        except SQLAlchemyError as failure:
            log.warning("directory.not_renewed", reason=type(failure).__name__)
            stop.wait(REST_AFTER_FAILURE)
