"""Fires the clocks that are due.

Guarantee: each clock fires exactly once, in the transaction of its handler's effect; after an outage late rather than
never; and for one subject in the order of `due_at`, however many replicas run. A handler that fails is reported and
tried again with growing pauses, and holds up nothing else.

No row stays locked while a handler runs. An advisory lock on the subject keeps other runners off; the clock's row is
marked at the end of the transaction, after the handler locked what it changes. Commands lock in that order too (first
the lead, then its clock), so the two never wait for each other in a circle; a clock that a command stopped meanwhile
rolls the handler back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from chassis import faults, telemetry
from chassis.backoff import pause
from chassis.deadlines import Deadline, DeadlineGone
from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.schema import deadline
from chassis.unit_of_work import Transaction, UnitOfWork

Handler = Callable[[Transaction, Deadline], None]

# Seconds between two looks at the clock. Time that moves is noticed as soon.
POLL = 0.1
# Seconds between two looks at the table for clocks that were started meanwhile.
REFRESH = 0.5
BATCH = 50
# First number of the two-number advisory lock, apart from the relay's buckets.
_SUBJECTS = 43

log = telemetry.logger()


class DeadlineRunner:
    """`handlers`: kind → what happens when it is due. Kinds without a handler wait for a replica that has one."""

    def __init__(self, uow: UnitOfWork, handlers: Mapping[str, Handler], *, batch: int = BATCH) -> None:
        self._uow = uow
        self._handlers = handlers
        self._batch = batch
        self._identity = of_service(uow.service)
        self._earliest: datetime | None = None
        self._refresh_at = 0.0

    def run(self, stop: Event) -> None:
        """Until `stop`. Only an error outside the handlers ends it; the service starts it again."""
        while not stop.is_set():
            if not (self._is_time() and self.turn()):
                stop.wait(POLL)

    def turn(self) -> int:
        """Tries what is due now, oldest first; how many fired."""
        return sum(self._fire(subject_id) for subject_id in self._due_subjects())

    def _is_time(self) -> bool:
        due = self._earliest is not None and self._earliest <= self._uow.clock.now()
        return due or time.monotonic() >= self._refresh_at

    def _due_subjects(self) -> list[str]:
        """Subjects in the order of their clocks, once for each clock."""
        now = self._uow.clock.now()
        with self._uow.database.engine.connect() as conn:
            # One statement, many times: without BEGIN and ROLLBACK around it, it costs a third.
            conn.execution_options(isolation_level="AUTOCOMMIT")
            running = conn.execute(self._running(deadline.c.subject_id, deadline.c.due_at).limit(self._batch)).all()
        self._earliest = running[0].due_at if running else None
        late = (now - self._earliest).total_seconds() if self._earliest else 0
        metrics.deadline_overdue.set(max(0.0, late))
        self._refresh_at = time.monotonic() + REFRESH
        return [row.subject_id for row in running if row.due_at <= now]

    def _fire(self, subject_id: str) -> bool:
        """Fires the earliest due clock of a subject. False when another runner is at it, or it failed."""
        with self._uow.begin(self._identity) as tx:
            if not tx.conn.scalar(select(func.pg_try_advisory_xact_lock(_SUBJECTS, func.hashtext(subject_id)))):
                return False
            # A statement of its own: it must see what the runner that held the lock before us committed.
            mine = (deadline.c.subject_id == subject_id, deadline.c.due_at <= tx.now)
            row = tx.conn.execute(self._running(*deadline.c).where(*mine).limit(1)).first()
            if row is None:
                return False
            due = _decode(row)
            try:
                self._handle(tx, due)
            except DeadlineGone:
                return False
            except Exception as failure:
                tx.conn.rollback()
                log.exception("deadline.failed", kind=due.kind, subject=due.subject_id, attempt=due.attempts + 1)
                metrics.deadline_failures.labels(due.kind).inc()
                _postpone(tx.conn, due, failure)
                return False
        metrics.deadline_delay.labels(due.kind).observe((tx.now - due.due_at).total_seconds())
        return True

    def _handle(self, tx: Transaction, due: Deadline) -> None:
        tx.source = f"deadline:{due.kind}"
        tx.deadlines.firing(due)
        self._handlers[due.kind](tx, due)
        tx.deadlines.settle()
        faults.reach("after-deadline-before-commit")
        tx.commit()

    def _running(self, *columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
        """Clocks that run and do not rest after a failure, the first to be due first."""
        resting = or_(deadline.c.retry_at.is_(None), deadline.c.retry_at <= func.clock_timestamp())
        return (
            select(*columns)
            .where(deadline.c.state == "pending", resting, deadline.c.kind.in_(self._handlers))
            .order_by(deadline.c.due_at, deadline.c.id)
        )


def _postpone(conn: Connection, due: Deadline, failure: Exception) -> None:
    rest: timedelta = pause(due.attempts)
    again = update(deadline).where(deadline.c.id == due.id, deadline.c.state == "pending")
    reason = f"{type(failure).__name__}: {failure}"[:1000]
    retry_at = func.clock_timestamp() + rest
    conn.execute(again.values(attempts=due.attempts + 1, reason=reason, retry_at=retry_at))
    conn.commit()


def _decode(row: Row[*tuple[Any, ...]]) -> Deadline:
    return Deadline(row.id, row.kind, row.subject_id, row.due_at, row.payload, row.policy_version, row.attempts)
