"""Relay and consumer against the bare client on the same broker: events a second of what the chassis adds nothing to.

`python -m bench.bus`, or with `CLOSELOOP_BROKER=kafka CLOSELOOP_KAFKA_JARS=…` on Apache Kafka: 5,000 events of
about 1 KB of 500 aggregates. Relay: from the outbox to the broker, in rounds of 500, moved to `outbox_sent`; the bare
producer sends the same bytes under the same settings, 500 at a time, all acknowledged. Consumer: reads, decodes, writes
the inbox row and one row of effect for each event, set-based; event by event is shown too. Its limit is the bare
consumer with the same two rows by bare psycopg, as many in a transaction; the bare consumer that looks at nothing is
shown beside it. All in one process, one after the other; 500 events warm up; PostgreSQL writes to disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, Text, text

from bench.bare_bus import Read, polled, produced, timed, written
from bench.report import figure, machine, options, say
from chassis.bus import Bus, BusSettings, Outgoing
from chassis.clock import SystemClock
from chassis.consumer import Consumer, on, on_batch
from chassis.database import Database
from chassis.events import EventCatalog, Incoming
from chassis.identity import of_service
from chassis.local import LocalPostgres, create_service_database, local_broker, temporary_folder
from chassis.migrations import migrate
from chassis.relay import Relay
from chassis.rows import document, insertion
from chassis.testing.contracts import compile_contract
from chassis.unit_of_work import Transaction, UnitOfWork
from tests.faults.depot import HERE
from tests.faults.depot_events import CRATES, CrateStored
from tests.faults.programs import wait_for

EVENTS, WARM_UP, AGGREGATES, BATCH = 5_000, 500, 500, 500
# So that an event is about 1 KB.
PADDING = "x" * 400
GOAL = 0.5
PATIENCE = 120.0
STORED = "depot.crate_stored"
# Of the bare producer: the consumers are not to meet the same events twice.
BARE = f"{CRATES}.bare"
_EFFECT = Table("effect", MetaData(), Column("crate_id", Text), Column("step", Integer), Column("process", Integer))
_EFFECTS = text(insertion(_EFFECT, ["crate_id", "step", "process"]))


class Depot:
    def __init__(self, bus: Bus, database: Database, catalog: EventCatalog) -> None:
        self.bus = bus
        self.database = database
        self.catalog = catalog

    def uow(self, service: str) -> UnitOfWork:
        return UnitOfWork(self.database, SystemClock(), self.catalog, service=service)

    def record(self, events: int) -> None:
        uow = self.uow("depot")
        for start in range(0, events, BATCH):
            with uow.begin(of_service("depot")) as tx:
                for number in range(start, min(start + BATCH, events)):
                    tx.record(CrateStored(f"crate-{number % AGGREGATES}-{PADDING}", number))
                tx.commit()

    def waiting(self) -> int:
        return self._count("outbox")

    def effects(self) -> int:
        return self._count("effect")

    def clear(self) -> None:
        with self.database.begin() as connection:
            connection.execute(text("TRUNCATE effect, outbox_sent, inbox"))

    def sent(self) -> list[Outgoing]:
        """What the relay published, as it would again."""
        query = text("SELECT topic, aggregate_id, headers, data FROM outbox_sent ORDER BY seq")
        with self.database.connect() as connection:
            return [Outgoing(r.topic, r.aggregate_id, r.headers, bytes(r.data)) for r in connection.execute(query)]

    def _count(self, table: str) -> int:
        with self.database.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def relayed(depot: Depot, events: int) -> Read:
    """Events a second, and CPU microseconds of this process for each."""
    depot.record(events)
    relay, stop = Relay(Database(depot.database.url, pool_size=1), depot.bus, topics=[CRATES]), Event()
    with timed(events) as taken:
        thread = Thread(target=relay.run, args=[stop])
        thread.start()
        wait_for(lambda: depot.waiting() == 0, PATIENCE, "an empty outbox")
    stop.set()
    thread.join()
    return taken()


def consumed(depot: Depot, name: str, *, batch: bool, events: int) -> Read:
    """A consumer of that name, which has read nothing yet, from the end of its first transaction to the last event."""
    depot.clear()
    effects = Effects()
    made = on_batch(STORED, effects.many) if batch else on(STORED, effects.one)
    consumer, stop = Consumer(depot.bus, depot.uow(name), [made]), Event()
    thread = Thread(target=consumer.run, args=[stop])
    thread.start()
    wait_for(lambda: effects.written, PATIENCE, "the first effect")
    first = effects.written
    with timed(1) as taken:
        wait_for(lambda: effects.written >= events, PATIENCE, "every effect")
        wait_for(lambda: depot.effects() >= events, PATIENCE, "the last commit")
    stop.set()
    thread.join()
    seconds, worked = 1 / taken()[0], taken()[1]
    return (events - first) / seconds, worked / max(1, events - first)


class Effects:
    """`written`: counted here, since asking the database again and again would be a load of its own."""

    def __init__(self) -> None:
        self.written = 0

    def one(self, tx: Transaction, event: Incoming) -> None:
        self.many(tx, [event])

    def many(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        rows = [{"crate_id": e.message.crate_id, "step": e.message.step, "process": os.getpid()} for e in events]
        tx.execute(_EFFECTS, {"rows": document(rows)})
        self.written += len(events)


@contextmanager
def open_depot() -> Iterator[Depot]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as postgres,
        local_broker(folder / "broker", ephemeral=True) as broker,
    ):
        database = Database(create_service_database(postgres, "depot"))
        migrate(database.url, HERE / "migrations")
        profile: Any = "kafka" if os.environ.get("CLOSELOOP_BROKER") == "kafka" else "embedded"
        bus = Bus(BusSettings(bootstrap=f"127.0.0.1:{broker.port}", profile=profile))
        contract = compile_contract(HERE / "depot.proto", _folder(folder))
        try:
            yield Depot(bus, database, EventCatalog.of(contract.pb2))
        finally:
            database.close()


def _folder(folder: Path) -> Path:
    (folder / "contract").mkdir()
    return folder / "contract"


def main() -> int:
    asked = options(__doc__ or "")
    events = 500 if asked.quick else EVENTS
    machine()
    say(f"broker: {'Apache Kafka' if os.environ.get('CLOSELOOP_BROKER') == 'kafka' else 'embedded'}")
    with open_depot() as depot:
        relayed(depot, WARM_UP)
        relay = relayed(depot, events)
        messages = depot.sent()
        size = sum(len(each.data) for each in messages) // len(messages)
        bare = produced(depot.bus, [replace(each, topic=BARE) for each in messages[-events:]], BATCH)
        there = WARM_UP + events
        batches = consumed(depot, "depot", batch=True, events=there)
        single = consumed(depot, "singly", batch=False, events=there)
        depot.clear()
        rows = written(depot.bus, CRATES, there, depot.database.url)
        poll = polled(depot.bus, CRATES, there)
    say(f"{events} events of {size} bytes beside their headers")
    _tell("relay", relay, "producer", bare, GOAL)
    _tell("consumer, set-based", batches, "consumer with the same rows", rows, GOAL)
    _tell("consumer, set-based", batches, "consumer that writes nothing", poll, None)
    _tell("consumer, event by event", single, "consumer with the same rows", rows, None)
    return 0


def _tell(name: str, own: Read, limit_name: str, limit: Read, goal: float | None) -> None:
    figure(
        name,
        f"{own[0]:.0f} events/s, {own[1]:.0f} CPU µs each; bare {limit_name} {limit[0]:.0f} events/s, {limit[1]:.0f}",
        f"{goal} of the bare client" if goal else "",
        f"{own[0] / limit[0]:.2f}",
    )


if __name__ == "__main__":
    sys.exit(main())
