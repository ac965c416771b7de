"""Dated and repeated work of a service: feeds, samples, monthly closings.

Guarantee: a due job runs on one replica at a time, and after an outage once, late rather than never. A run that fails
is recorded and tried again with growing pauses; other jobs are not held up. A process that dies in a run leaves the job
due: jobs must be able to run again.
"""

from __future__ import annotations

import time as real_time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from threading import Event, Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from chassis import telemetry
from chassis.backoff import pause
from chassis.clock import Clock
from chassis.database import Database
from chassis.kernel.schedule import Schedule
from chassis.metrics import metrics
from chassis.schema import job as table

POLL = 0.05
# How often a replica looks at what the others ran, in seconds. What is due is judged by the clock at every poll.
REFRESH = 1.0
AT_ONCE = 4
# First number of the two-number advisory lock.
_JOBS = 44

log = telemetry.logger()
App = TypeVar("App")


@dataclass(frozen=True)
class Job(Generic[App]):
    """`run(app)` opens its own transactions, as its own service. Times of day are Shanghai's."""

    name: str
    run: Callable[[App], None] = field(kw_only=True)
    every: timedelta | None = field(default=None, kw_only=True)
    daily_at: time | None = field(default=None, kw_only=True)
    workdays_only: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        # A wrong declaration fails where it is written, not at its first run.
        str(self.schedule)

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.every, self.daily_at, self.workdays_only)


class JobRunner(Generic[App]):
    def __init__(self, database: Database, clock: Clock, jobs: Sequence[Job[App]], app: App) -> None:
        self._database = database
        self._clock = clock
        self._jobs = {job.name: job for job in jobs}
        self._app = app
        self._due: dict[str, datetime] = {}
        self._refresh_at = 0.0
        self._running: set[str] = set()
        self._lock = Lock()

    def run(self, stop: Event) -> None:
        """Until `stop`, then waits for the runs at work. An error outside the jobs ends it; the service restarts it."""
        self.register()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job") as workers:
            while not stop.wait(POLL):
                for name in self._claim():
                    workers.submit(self._run_claimed, name)

    def turn(self) -> list[str]:
        """Runs what is due one after the other, the earliest first; names of the jobs that succeeded."""
        self._refresh_at = 0.0
        return [name for name in self._claim() if self._run_claimed(name)]

    def register(self) -> None:
        """Makes the rows of new jobs. A changed schedule, or a clock set back, makes the next due time anew."""
        now = self._clock.now()
        with self._database.begin() as conn:
            for name, job in self._jobs.items():
                _register(conn, name, job.schedule, now)

    def _claim(self) -> list[str]:
        """Jobs due now and not at work in this process, in the order they are due; they count as at work from here."""
        self._refresh()
        now = self._clock.now()
        with self._lock:
            due = [name for name, at in self._due.items() if at <= now and name not in self._running]
            self._running.update(due)
        return sorted(due, key=lambda name: self._due[name])

    def _refresh(self) -> None:
        if real_time.monotonic() < self._refresh_at:
            return
        now = self._clock.now()
        with self._database.engine.connect() as conn:
            # One statement, each second: without BEGIN and ROLLBACK around it.
            conn.execution_options(isolation_level="AUTOCOMMIT")
            self._due = {row.name: row.next_due for row in conn.execute(_ready(self._jobs))}
        self._refresh_at = real_time.monotonic() + REFRESH
        if any(at > self._jobs[name].schedule.latest(now) for name, at in self._due.items()):
            self.register()

    def _run_claimed(self, name: str) -> bool:
        try:
            with _turn_of(self._database, name) as row:
                return row is not None and row.next_due <= self._clock.now() and self._run(self._jobs[name], row)
        except Exception:
            # The database, not the job: the next refresh finds it due still.
            log.exception("job.not_run", job=name)
            return False
        finally:
            self._refresh_at = 0.0
            with self._lock:
                self._running.discard(name)

    def _run(self, job: Job[App], row: Row[*tuple[Any, ...]]) -> bool:
        started, clock_at_start = real_time.monotonic(), self._clock.now()
        try:
            job.run(self._app)
        except Exception as failure:
            log.exception("job.failed", job=job.name, attempt=row.failures + 1)
            self._note(job, _failed(row.failures, failure, clock_at_start))
            outcome = "failed"
        else:
            due = job.schedule.after(row.next_due, clock_at_start)
            self._note(job, _succeeded(due, clock_at_start))
            outcome = "done"
        metrics.job_seconds.labels(job.name, outcome).observe(real_time.monotonic() - started)
        return outcome == "done"

    def _note(self, job: Job[App], values: dict[str, Any]) -> None:
        with self._database.begin() as conn:
            conn.execute(update(table).where(table.c.name == job.name).values(values))


def next_due(conn: Connection, names: Collection[str] | None = None) -> datetime | None:
    """Business time at which the earliest job is due; past while it runs or keeps failing."""
    earliest = select(func.min(table.c.next_due))
    if names is not None:
        earliest = earliest.where(table.c.name.in_(names))
    at: datetime | None = conn.scalar(earliest)
    return at


def _register(conn: Connection, name: str, schedule: Schedule, now: datetime) -> None:
    row = insert(table).values(name=name, schedule=str(schedule), next_due=schedule.first(now))
    same = table.c.schedule == row.excluded.schedule
    due = case((same, func.least(table.c.next_due, schedule.latest(now))), else_=row.excluded.next_due)
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"schedule": str(schedule), "next_due": due}))


def _ready(names: Collection[str]) -> Any:
    resting = or_(table.c.retry_at.is_(None), table.c.retry_at <= func.clock_timestamp())
    return select(table).where(table.c.name.in_(names), resting)


def _succeeded(due: datetime, ran_at: datetime) -> dict[str, Any]:
    return {
        "next_due": due,
        "last_run_at": ran_at,
        "last_success_at": ran_at,
        "failures": 0,
        "reason": "",
        "retry_at": None,
    }


def _failed(earlier: int, failure: Exception, ran_at: datetime) -> dict[str, Any]:
    return {
        "last_run_at": ran_at,
        "failures": earlier + 1,
        "reason": f"{type(failure).__name__}: {failure}"[:1000],
        "retry_at": func.clock_timestamp() + pause(earlier),
    }


@contextmanager
def _turn_of(database: Database, name: str) -> Iterator[Row[*tuple[Any, ...]] | None]:
    """The job's row while this process has the job to itself; None when another one has it or it rests.

    The lock belongs to a session that does nothing else meanwhile, outside any transaction, since a run may take
    minutes; the death of the process frees it. The session is one of the pool: a new one costs more than most runs.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.scalar(select(func.pg_try_advisory_lock(_JOBS, func.hashtext(name)))):
            yield None
            return
        try:
            yield conn.execute(_ready([name])).one_or_none()
        finally:
            _give_back(conn, name)


def _give_back(conn: Connection, name: str) -> None:
    """A session that can't say so must not go on with the lock."""
    try:
        conn.execute(select(func.pg_advisory_unlock(_JOBS, func.hashtext(name))))
    except SQLAlchemyError:
        conn.invalidate()
