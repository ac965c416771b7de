"""Fires the clocks that are due.

Guarantee: each clock fires exactly once, in the transaction of its handler's effect; after an outage late rather than
never; and for one subject in the order of `due_at`, however many replicas run. A handler that fails is reported and
tried again with growing pauses, and holds up nothing else.

No row stays locked while a handler runs. An advisory lock on the subject keeps other runners off; the clock's row is
marked at the end of the transaction, after the handler locked what it changes. Commands lock in that order too (first
the lead, then its clock), so the two never wait for each other in a circle; a clock that a command stopped meanwhile
rolls the handler back.

Clocks of a kind whose handler takes them `Together` share a transaction, each of another subject. When that one fails
or waits for a lock, or when a clock of it was stopped meanwhile, each of them fires alone: only the bad one is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from chassis import faults, telemetry
from chassis.backoff import pause
from chassis.deadlines import PENDING, Deadline, DeadlineGone
from chassis.events import Cause
from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.schema import deadline
from chassis.unit_of_work import Transaction, UnitOfWork

OneByOne = Callable[[Transaction, Deadline], None]


@dataclass(frozen=True)
class Together:
    """A handler of many clocks of one kind, each of another subject, in the order of `due_at`.

    It locks the subjects' rows in one order (by id), as everything does that locks several. Each event that it records
    begins a story of its own, as if its clock had fired alone.
    """

    handle: Callable[[Transaction, Sequence[Deadline]], None]


Handler = OneByOne | Together

# Seconds between two looks at the clock. Time that moves is noticed as soon.
POLL = 0.05
# Seconds between two looks at the table for clocks that were started meanwhile.
REFRESH = 0.5
# Clocks seen by one look.
BATCH = 500
# Most clocks of one transaction: a command on one of their subjects waits for all of them.
TOGETHER = 100
# First number of the two-number advisory lock, apart from the relay's buckets.
_RUNNERS = 43

# Of these subjects, those that no other runner is at.
_TAKE = text("""
    SELECT subject FROM unnest(CAST(:subjects AS text[])) AS subject
    WHERE pg_try_advisory_xact_lock(:runners, hashtext(subject))
""")
# A transaction that locks many rows is the one to give way: well before anybody's deadlock_timeout (1 s) ends another.
_GIVE_WAY = text("SET LOCAL lock_timeout = '300ms'")

log = telemetry.logger()
Group = tuple[str, list[str]]


class DeadlineRunner:
    """`handlers`: kind → what happens when it is due. Kinds without a handler wait for a replica that has one."""

    def __init__(self, uow: UnitOfWork, handlers: Mapping[str, Handler], *, batch: int = BATCH) -> None:
        self._uow = uow
        self._handlers = handlers
        self._kinds = sorted(handlers)
        self._together = {kind for kind, each in handlers.items() if isinstance(each, Together)}
        self._batch = batch
        self._identity = of_service(uow.service)
        self._earliest: datetime | None = None
        self._refresh_at = 0.0

    def run(self, stop: Event) -> None:
        """Until `stop`. Only an error outside the handlers ends it; the service starts it again."""
        while not stop.is_set():
            if not (self._is_time() and self.turn(stop)):
                stop.wait(POLL)

    def turn(self, stop: Event | None = None) -> int:
        """Tries what is due now, oldest first; how many fired."""
        fired = 0
        for kind, subject_ids in groups(self._due(), self._together):
            if stop is not None and stop.is_set():
                break
            fired += self._fire(kind, subject_ids)
        return fired

    def _is_time(self) -> bool:
        due = self._earliest is not None and self._earliest <= self._uow.clock.now()
        return due or time.monotonic() >= self._refresh_at

    def _due(self) -> list[tuple[str, str]]:
        """Kind and subject of each clock that is due, in their order. Mostly there is none: then one row is read."""
        now = self._uow.clock.now()
        with self._uow.database.engine.connect() as conn:
            # One statement, many times: without BEGIN and ROLLBACK around it, it costs a third.
            conn.execution_options(isolation_level="AUTOCOMMIT")
            running = conn.execute(_RUNNING, {"kinds": self._kinds, "most": 1}).all()
            if running and running[0].due_at <= now:
                running = conn.execute(_RUNNING, {"kinds": self._kinds, "most": self._batch}).all()
        self._earliest = running[0].due_at if running else None
        late = (now - self._earliest).total_seconds() if self._earliest else 0
        metrics.deadline_overdue.set(max(0.0, late))
        self._refresh_at = time.monotonic() + REFRESH
        return [(row.kind, row.subject_id) for row in running if row.due_at <= now]

    def _fire(self, kind: str, subject_ids: Sequence[str]) -> int:
        """How many fired: all in one transaction, or else each in its own."""
        handler = self._handlers[kind]
        if isinstance(handler, Together) and len(subject_ids) > 1:
            try:
                return self._fire_together(kind, handler, subject_ids)
            except DeadlineGone:
                pass
            except Exception as failure:  # noqa: BLE001 - what is wrong, and with whom, is told when they fire alone
                log.warning("deadline.split", kind=kind, clocks=len(subject_ids), reason=type(failure).__name__)
        return sum(self._fire_first(each) for each in subject_ids)

    def _fire_together(self, kind: str, handler: Together, subject_ids: Sequence[str]) -> int:
        """Fires the clock of this kind of each subject whose earliest one it is and that no other runner is at."""
        with self._uow.begin(self._identity) as tx:
            due = [each for each in self._take(tx, subject_ids) if each.kind == kind]
            if not due:
                return 0
            tx.cause = Cause("", "")
            tx.execute(_GIVE_WAY)
            self._handle(tx, due, handler)
        return len(due)

    def _fire_first(self, subject_id: str) -> bool:
        """Fires the earliest due clock of a subject. False when another runner is at it, or it failed."""
        with self._uow.begin(self._identity) as tx:
            taken = self._take(tx, [subject_id])
            if not taken:
                return False
            due = taken[0]
            try:
                self._handle(tx, taken, self._handlers[due.kind])
            except DeadlineGone:
                return False
            except Exception as failure:
                tx.conn.rollback()
                log.exception("deadline.failed", kind=due.kind, subject=due.subject_id, attempt=due.attempts + 1)
                metrics.deadline_failures.labels(due.kind).inc()
                _postpone(tx.conn, due, failure)
                return False
        return True

    def _take(self, tx: Transaction, subject_ids: Sequence[str]) -> list[Deadline]:
        """The earliest due clock of each subject that is ours until the transaction ends."""
        ours = list(tx.execute(_TAKE, {"subjects": list(subject_ids), "runners": _RUNNERS}).scalars())
        # A statement of its own: it must see what the runner that held the lock before us committed.
        wanted = {"subjects": ours, "kinds": self._kinds, "now": tx.now}
        found = [Deadline(**row) for row in tx.execute(_EARLIEST, wanted).mappings()] if ours else []
        return sorted(found, key=lambda each: (each.due_at, each.id))

    def _handle(self, tx: Transaction, due: Sequence[Deadline], handler: Handler) -> None:
        tx.source = f"deadline:{due[0].kind}"
        tx.deadlines.firing(due)
        if isinstance(handler, Together):
            handler.handle(tx, due)
        else:
            handler(tx, due[0])
        tx.deadlines.settle()
        faults.reach("after-deadline-before-commit")
        tx.commit()
        delay = metrics.deadline_delay.labels(due[0].kind)
        for each in due:
            delay.observe((tx.now - each.due_at).total_seconds())


def groups(due: Iterable[tuple[str, str]], together: Iterable[str], most: int = TOGETHER) -> list[Group]:
    """Clocks (kind, subject) in their order → what fires in one transaction each: a kind with its subjects.

    A clock joins an open group of its kind, unless one of its subject fires in that group or after it: for a subject
    the order stays. Kinds that are not handled together fire alone.
    """
    found: list[Group] = []
    joined: dict[str, int] = {}
    last: dict[str, int] = {}
    for kind, subject_id in due:
        at = joined.get(kind)
        if at is None or last.get(subject_id, -1) >= at or len(found[at][1]) >= most:
            at = len(found)
            found.append((kind, []))
            if kind in together:
                joined[kind] = at
        found[at][1].append(subject_id)
        last[subject_id] = at
    return found


def _running(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Clocks of known kinds that run and do not rest after a failure."""
    resting = or_(deadline.c.retry_at.is_(None), deadline.c.retry_at <= func.clock_timestamp())
    return select(*columns).where(PENDING, resting, deadline.c.kind == any_(bindparam("kinds", type_=ARRAY(Text))))


_OF_A_DEADLINE = [deadline.c[name] for name in Deadline.__dataclass_fields__]
_RUNNING = (
    _running(deadline.c.kind, deadline.c.subject_id, deadline.c.due_at)
    .order_by(deadline.c.due_at, deadline.c.id)
    .limit(bindparam("most"))
)
_OF_SUBJECTS = deadline.c.subject_id == any_(bindparam("subjects", type_=ARRAY(Text)))
_EARLIEST = (
    _running(*_OF_A_DEADLINE)
    .where(_OF_SUBJECTS, deadline.c.due_at <= bindparam("now"))
    .ext(distinct_on(deadline.c.subject_id))
    .order_by(deadline.c.subject_id, deadline.c.due_at, deadline.c.id)
)


def _postpone(conn: Connection, due: Deadline, failure: Exception) -> None:
    again = update(deadline).where(deadline.c.id == due.id, PENDING)
    reason = f"{type(failure).__name__}: {failure}"[:1000]
    retry_at = func.clock_timestamp() + pause(due.attempts)
    conn.execute(again.values(attempts=due.attempts + 1, reason=reason, retry_at=retry_at))
    conn.commit()
