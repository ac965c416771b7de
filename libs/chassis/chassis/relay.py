"""Moves events from the outbox to the broker.

Guarantee: at least once, in order per aggregate, with any number of relays. A relay owns whole buckets of aggregates
for one transaction (advisory locks that PostgreSQL frees when it dies) and marks rows as sent only after the broker
acknowledged them. While the broker is away, events wait; writes go on.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import OperationalError

from chassis import faults, retention
from chassis.bus import BrokerAway, Bus, NotPublished, Outgoing
from chassis.database import Database
from chassis.metrics import metrics
from chassis.outbox import refill
from chassis.telemetry import logger

log = logger()

_ANY = text("SELECT EXISTS (SELECT FROM outbox)")
# Materialised, so that no bucket is locked beyond those that are asked for.
_LOCK = text("""
    WITH candidate AS MATERIALIZED (
        SELECT bucket FROM (SELECT bucket, seq FROM outbox ORDER BY seq LIMIT 2000) AS oldest
        GROUP BY bucket ORDER BY min(seq) LIMIT :buckets
    )
    SELECT bucket FROM candidate WHERE pg_try_advisory_xact_lock(42, bucket)
""")
# A statement of its own: its snapshot is younger than the locks, so it can't see rows another relay has just moved.
_ROWS = text("""
    SELECT seq, topic, aggregate_id, type, headers, data FROM outbox
    WHERE bucket = ANY(CAST(:buckets AS smallint[])) ORDER BY seq LIMIT :batch
""")
_COLUMNS = "seq, id, bucket, aggregate_id, topic, type, headers, data, occurred_at, recorded_at"
_MOVE = text(f"""
    WITH gone AS (DELETE FROM outbox WHERE seq = ANY(CAST(:seqs AS bigint[])) RETURNING {_COLUMNS})
    INSERT INTO outbox_sent ({_COLUMNS}) SELECT {_COLUMNS} FROM gone
""")  # noqa: S608 - fixed column names
_AGE = text("""
    SELECT count(*) AS rows, coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0) AS age
    FROM (SELECT recorded_at FROM outbox ORDER BY seq LIMIT 10000) AS oldest
""")


@dataclass(frozen=True)
class RelaySettings:
    """Times in seconds. `buckets` is how many of the 16 one relay takes in a round, so that others find some free.

    `poll`: between two rounds. `look`: the same for a relay that is woken, for events that other processes wrote.
    """

    poll: float = 0.05
    look: float = 0.25
    batch: int = 500
    buckets: int = 8
    retry: float = 1.0
    # For the embedded broker, which loses everything when it stops.
    refill_when_broker_empty: bool = False
    look_at_broker: float = 5.0
    tidy: float = 3600.0


class Relay:
    """`database`: a pool of its own with one connection, since a round holds it while it waits for the broker.

    `wake`: set when this process has committed events (`UnitOfWork.recorded`), so that they need not be looked for.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        topics: Collection[str] = (),
        settings: RelaySettings | None = None,
        wake: Event | None = None,
    ) -> None:
        self._wake = wake
        self._database = database
        self._idle = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._bus = bus
        self._topics = set(topics)
        self._settings = settings or RelaySettings()
        self._publisher = bus.publisher()
        self._known: set[str] = set()
        self._cluster = ""
        self._next_look = self._next_tidy = self._next_figures = 0.0
        self._trouble = ""

    def run(self, stop: Event) -> None:
        """Until `stop` is set. Broker or database away: one log line, then trying on."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._keep_house()
                moved = self.round()
            except (BrokerAway, NotPublished, OperationalError) as problem:
                self._say(problem)
                self._next_look = 0.0
                stop.wait(self._settings.retry)
                continue
            self._say(None)
            if moved < self._settings.batch:
                self._rest(stop, began, lively=moved > 0)
        self._publisher.close()

    def _rest(self, stop: Event, began: float, *, lively: bool) -> None:
        """What comes alone goes at once; what comes in a row goes in one round per `poll`.

        `lively`: something was moved; buckets that were not taken may hold more.
        """
        if self._wake is not None and not lively:
            self._wake.wait(self._settings.look)
        stop.wait(max(0.0, began + self._settings.poll - time.monotonic()))
        if self._wake is not None and not lively:
            self._wake.clear()

    def round(self) -> int:
        """Publish one batch; returns how many events. 0: nothing there, or other relays are at it."""
        if self._nothing_waits():
            return 0
        with self._database.connect() as connection:
            rows = self._take(connection)
            if not rows:
                return 0
            self._ensure_topics({row.topic for row in rows})
            faults.reach("after-commit-before-publish")
            self._publisher.publish([Outgoing(r.topic, r.aggregate_id, r.headers, bytes(r.data)) for r in rows])
            faults.reach("after-publish-before-mark")
            connection.execute(_MOVE, {"seqs": [row.seq for row in rows]})
            connection.commit()
        for row in rows:
            metrics.relayed.labels(row.topic).inc()
        return len(rows)

    def _nothing_waits(self) -> bool:
        """Asked up to 20 times a second: one round trip, without begin and rollback around it."""
        with self._idle.connect() as connection:
            return not connection.scalar(_ANY)

    def _take(self, connection: Connection) -> list[Row[tuple[object, ...]]]:
        taken = list(connection.scalars(_LOCK, {"buckets": self._settings.buckets}))
        if not taken:
            return []
        return list(connection.execute(_ROWS, {"buckets": taken, "batch": self._settings.batch}))

    def _ensure_topics(self, topics: set[str]) -> None:
        if not topics <= self._known:
            self._bus.ensure_topics(topics | self._topics)
            self._known |= topics | self._topics

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._next_tidy:
            retention.tidy(self._database)
            self._next_tidy = now + self._settings.tidy
        if now >= self._next_figures:  # before the look: they matter most while the broker is away
            self._publish_figures()
            self._next_figures = now + 5.0
        if now >= self._next_look:
            self._look_at_broker()
            self._next_look = now + self._settings.look_at_broker

    def _look_at_broker(self) -> None:
        """Is it a new one? Then its topics are missing, and the embedded one needs what was sent before."""
        if self._cluster and not self._settings.refill_when_broker_empty:
            return
        cluster = self._bus.cluster_id()
        if cluster == self._cluster:
            return
        restarted, self._known = bool(self._cluster), set()
        self._ensure_topics(self._topics)
        if self._settings.refill_when_broker_empty and (restarted or self._bus.is_empty(self._topics)):
            back = refill(self._database, datetime.now(UTC) - timedelta(days=retention.SENT_DAYS))
            log.info("relay.refilled", events=back, restarted=restarted)
        self._cluster = cluster

    def _publish_figures(self) -> None:
        with self._idle.connect() as connection:
            figures = connection.execute(_AGE).one()
        metrics.outbox_rows.set(figures.rows)
        metrics.outbox_age.set(float(figures.age))

    def _say(self, problem: Exception | None) -> None:
        """Once per change of state, not once per attempt."""
        trouble = type(problem).__name__ if problem else ""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if problem:
            log.warning("relay.waiting", reason=str(problem))
        else:
            log.info("relay.running")
