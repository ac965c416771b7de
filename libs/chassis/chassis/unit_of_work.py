"""One transaction around one use case.

Guarantee: state, events, audit rows, deadlines and the request's answer are committed together or not at all; what is
not committed by `tx.commit()` is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import Any

from opentelemetry.context import Context
from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.base import Executable

from chassis import audit, faults, outbox, telemetry
from chassis.audit import Entry
from chassis.clock import Clock
from chassis.database import Database
from chassis.deadlines import Deadlines
from chassis.events import Cause, EventCatalog
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.metrics import metrics
from chassis.outbox import OutboxRow

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Caller:
    """Whom a piece of work is done for, and the trace it belongs to: one transaction may do the work of several.

    `source`: as in `UnitOfWork.begin`.
    """

    identity: Identity
    source: str = ""
    trace: Context = field(default_factory=telemetry.current_trace)


class Transaction:
    """What a use case works with. `now` is the business time at begin, the same for the whole transaction."""

    def __init__(
        self,
        conn: Connection,
        identity: Identity,
        clock: Clock,
        catalog: EventCatalog,
        *,
        service: str,
        cause: Cause | None = None,
        source: str = "",
        recorded: Event | None = None,
    ) -> None:
        self.conn = conn
        self.identity = identity
        self.clock = clock
        self.now = clock.now()
        self.service = service
        self.source = source
        self.cause = cause or Cause("", new_id())
        self.catalog = catalog
        self._recorded: list[OutboxRow] = []
        self._tell = recorded or Event()

    def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        result: CursorResult[Any] = self.conn.execute(statement, parameters)
        return result

    def record(self, event: object) -> None:
        """An outbox row for the event. Lock or version-check the aggregate's row before."""
        row = outbox.outbox_row(self.catalog, event, service=self.service, at=self.now, cause=self.cause)
        self._recorded.append(row)

    def audit(
        self,
        *,
        action: str,
        entity: str,
        entity_id: str,
        before: object = None,
        after: object = None,
        why: str = "",
    ) -> None:
        """Who did what to which entity, with what it was before and after: plain values or dataclasses."""
        audit.append(
            self,
            action=action,
            entity=entity,
            entity_id=entity_id,
            before=before,
            after=after,
            why=why,
            source=self.source,
        )

    def audit_all(self, entries: Iterable[Entry]) -> None:
        """Many audit rows in one round trip."""
        audit.append_all(self, entries, self.source)

    @cached_property
    def deadlines(self) -> Deadlines:
        return Deadlines(self)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """On an exception, undo the rows and events since here; the transaction goes on."""
        mark = len(self._recorded)
        nested = self.conn.begin_nested()
        try:
            yield
        except BaseException:
            del self._recorded[mark:]
            nested.rollback()
            raise
        nested.commit()

    @contextmanager
    def caused_by(self, cause: Cause, source: str) -> Iterator[None]:
        """Events and audit rows inside name `cause` and `source`: one transaction handles many incoming events."""
        before = self.cause, self.source
        self.cause, self.source = cause, source
        try:
            yield
        finally:
            self.cause, self.source = before

    @contextmanager
    def on_behalf(self, caller: Caller) -> Iterator[None]:
        """Rows, events and audit rows inside are the caller's and begin a story, as in a transaction of their own."""
        before, self.identity = self.identity, caller.identity
        try:
            with telemetry.within(caller.trace), self.caused_by(Cause("", new_id()), caller.source):
                yield
        finally:
            self.identity = before

    def commit(self) -> None:
        outbox.append(self.conn, self._recorded)
        faults.reach("before-commit")
        self.conn.commit()
        for row in self._recorded:
            metrics.events.labels(row.type).inc()
        if self._recorded:
            faults.reach("after-commit-before-publish")
            self._tell.set()
        self._recorded = []


class UnitOfWork:
    """Opens transactions on the service's own database."""

    def __init__(self, database: Database, clock: Clock, catalog: EventCatalog, service: str) -> None:
        self.database = database
        self.clock = clock
        self.catalog = catalog
        self.service = service
        # Set whenever events were committed here; a relay of the same process waits for it.
        self.recorded = Event()

    @contextmanager
    def begin(self, identity: Identity, cause: Cause | None = None, source: str = "") -> Iterator[Transaction]:
        """Rolls back unless committed."""
        with self.database.connect() as conn:
            yield self._transaction(conn, identity, cause, source)

    @contextmanager
    def read(self, identity: Identity) -> Iterator[Transaction]:
        """The server refuses writes. Statements see what is committed when each begins; there is no transaction."""
        with self.database.read() as conn:
            yield self._transaction(conn, identity, None, "")

    def _transaction(self, conn: Connection, identity: Identity, cause: Cause | None, source: str) -> Transaction:
        return Transaction(
            conn,
            identity,
            self.clock,
            self.catalog,
            service=self.service,
            cause=cause,
            source=source,
            recorded=self.recorded,
        )
