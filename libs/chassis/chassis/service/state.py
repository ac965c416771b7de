"""What a process says about itself: ready or why not, at rest or why not, and when something is due next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from chassis import deadlines, jobs
from chassis.consumer import Consumer
from chassis.metrics import metrics
from chassis.service.service import Service
from chassis.service.supervisor import Supervisor

_MIGRATED = text("SELECT to_regclass('outbox') IS NOT NULL")
_WAITING = text("SELECT count(*) FROM outbox")


class State:
    def __init__(self, service: Service, supervisor: Supervisor, consumer: Consumer | None) -> None:
        self._service = service
        self._database = service.runtime.database
        self._supervisor = supervisor
        self._consumer = consumer
        self.starting = True

    def not_ready(self) -> list[str]:
        """Reasons in words; none when ready."""
        return [*(["starting"] if self.starting else []), *self._database_trouble(), *self._supervisor.troubles()]

    def next_due(self) -> datetime | None:
        """Business time of the earliest clock or job, past when it is overdue."""
        with self._database.read() as conn:
            return self._next_due(conn)

    def next_dated(self) -> datetime | None:
        """As `next_due`, without the jobs that repeat: a jump in time stops here, and they catch up at each stop."""
        dated = [job.name for job in self._service.jobs if job.daily_at is not None]
        with self._database.read() as conn:
            return self._earliest(conn, dated)

    def unsettled(self) -> list[str]:
        """What is still going on in this service: events to publish or to consume, clocks and jobs that are due.

        The consumer is asked only when nothing else is found, since its answer costs a look at the broker; after it
        comes another look, for what its last events left behind.
        """
        found = self._at_hand()
        if found or self._consumer is None:
            return found
        return self._at_hand() if self._consumer.caught_up() else ["consumer: not caught up"]

    def _at_hand(self) -> list[str]:
        with self._database.read() as conn:
            waiting = conn.scalar(_WAITING) or 0
            due = self._next_due(conn)
        found = [f"outbox: {waiting} events to publish"] if waiting else []
        if due is not None and due <= self._service.runtime.clock.now():
            found.append(f"due since {due.isoformat()}")
        running = int(sum(sample.value for family in metrics.rpc_in_flight.collect() for sample in family.samples))
        return [*found, f"{running} requests running"] if running else found

    def _next_due(self, conn: Connection) -> datetime | None:
        return self._earliest(conn, [job.name for job in self._service.jobs])

    def _earliest(self, conn: Connection, names: list[str]) -> datetime | None:
        found = [
            deadlines.next_due(conn, list(self._service.deadlines)) if self._service.deadlines else None,
            jobs.next_due(conn, names) if names else None,
        ]
        return min((at for at in found if at is not None), default=None)

    def _database_trouble(self) -> list[str]:
        try:
            with self._database.read() as conn:
                return [] if conn.scalar(_MIGRATED) else ["database: not migrated yet"]
        except SQLAlchemyError as failure:
            return [f"database: {type(failure).__name__}"]
