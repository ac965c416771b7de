"""Chains the audit rows every second and signs the chain's root every day (P10.1).

Guarantee: every committed row gets exactly one link, in one chain without gaps, however many replicas seal. Sealing
never makes a business transaction wait; how far it is behind is a figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from chassis import telemetry
from chassis.audit_chain import COLUMNS, GENESIS, canonical, link, vanished
from chassis.audit_roots import RootStore, SignedRoot
from chassis.database import Database
from chassis.identity import Keyring
from chassis.metrics import metrics
from chassis.schema import audit_row, audit_seal, audit_unsealed

EVERY = 1.0
BATCH = 1000
# Advisory lock: one replica seals at a time.
_TURN = 7_040_002

log = telemetry.logger()


@dataclass(frozen=True)
class Backlog:
    """Rows not chained yet, and the age of the oldest in seconds (zero without one)."""

    rows: int
    lag: float


class AuditSealer:
    def __init__(
        self,
        database: Database,
        service: str,
        keyring: Keyring | None = None,
        roots: RootStore | None = None,
        root_every: timedelta = timedelta(days=1),
    ) -> None:
        self._database = database
        self._service = service
        self._keyring = keyring
        self._roots = roots
        self._root_every = root_every
        self._next_root = datetime.min.replace(tzinfo=UTC)

    def run(self, stop: Event) -> None:
        """Until `stop`. An error ends it; the service starts it again."""
        while not stop.wait(EVERY):
            self.turn()

    def turn(self) -> None:
        """One second's work: chain what waits, sign when it is time, report the figures."""
        waiting = self._backlog()
        if waiting.rows:
            self.seal_all()
            waiting = self._backlog()
        metrics.audit_unsealed.set(waiting.rows)
        metrics.audit_lag.set(waiting.lag)
        if datetime.now(UTC) >= self._next_root:
            self.sign_root()

    def seal_all(self) -> int:
        """Chains all that waits; the number of rows. Zero when another replica is at it."""
        sealed = 0
        while True:
            with self._database.begin() as conn:
                count = _seal_batch(conn)
            sealed += count
            if count < BATCH:
                return sealed

    def sign_root(self) -> SignedRoot | None:
        """Signs and stores the newest link, unless a replica did so within the period. Nothing to sign: None.

        A store that is away is reported and tried again in a minute: sealing goes on.
        """
        if self._keyring is None or self._roots is None:
            return None
        now = datetime.now(UTC)
        try:
            latest = self._roots.latest_at(self._service)
            if latest is not None and latest + self._root_every > now:
                self._next_root = latest + self._root_every
                return None
            root = self._newest(now)
            if root is not None:
                self._roots.keep(root, self._keyring.private_key)
        except Exception:
            # Whatever the store raises, sealing goes on.
            log.exception("audit.root_not_stored")
            self._next_root = now + timedelta(minutes=1)
            return None
        self._next_root = now + (self._root_every if root else timedelta(minutes=1))
        return root

    def _backlog(self) -> Backlog:
        """Asked each second: one round trip, without begin and rollback around it."""
        with self._database.engine.connect() as conn:
            return backlog(conn.execution_options(isolation_level="AUTOCOMMIT"))

    def _newest(self, now: datetime) -> SignedRoot | None:
        with self._database.read() as conn:
            seq, newest = head(conn)
        return SignedRoot(self._service, seq, newest, now) if seq else None


def backlog(conn: Connection) -> Backlog:
    age = func.extract("epoch", func.clock_timestamp() - func.min(audit_unsealed.c.recorded_at))
    rows, lag = conn.execute(select(func.count(), age).select_from(audit_unsealed)).one()
    return Backlog(rows, float(lag or 0))


def head(conn: Connection) -> tuple[int, bytes]:
    """Number and hash of the newest link; (0, GENESIS) before the first."""
    newest = select(audit_seal.c.seq, audit_seal.c.hash).order_by(audit_seal.c.seq.desc()).limit(1)
    row = conn.execute(newest).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _seal_batch(conn: Connection) -> int:
    if not conn.scalar(select(func.pg_try_advisory_xact_lock(_TURN))):
        return 0
    seq, previous = head(conn)
    links = []
    for row in _take(conn):
        seq += 1
        content = vanished(row.waiting_id) if row.id is None else canonical(row)
        hashed = link(previous, content)
        links.append({"seq": seq, "row_id": row.waiting_id, "previous_hash": previous, "hash": hashed})
        previous = hashed
    if links:
        conn.execute(insert(audit_seal), links)
    return len(links)


def _take(conn: Connection) -> list[Row[*tuple[Any, ...]]]:
    oldest = select(audit_unsealed.c.row_id).order_by(audit_unsealed.c.row_id).limit(BATCH)
    taken = (
        delete(audit_unsealed)
        .where(audit_unsealed.c.row_id.in_(oldest.scalar_subquery()))
        .returning(audit_unsealed.c.row_id)
        .cte("taken")
    )
    rows = (
        select(taken.c.row_id.label("waiting_id"), *COLUMNS)
        .select_from(taken.outerjoin(audit_row, audit_row.c.id == taken.c.row_id))
        .order_by(taken.c.row_id)
    )
    return list(conn.execute(rows))
