"""What an event costs the service that consumes it: one that becomes notices, and one that nobody there needs.

`python -m bench.events_handled [events]`: the real consumer of integration on a real broker and PostgreSQL. Counted is
the processor time of this process alone, which a busy machine changes little: milliseconds per event, when they come
in a burst and when they come 40 a second; and the ratio to the least it could take here, the bare client polling the
same records and the bare driver inserting as many rows. Ends with 1 above the goal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any

import psycopg
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import insert

from chassis.bus import Bus, BusSettings, Outgoing
from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.consumer import Consumer
from chassis.events import Cause
from chassis.local import LocalBroker, LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from chassis.outbox import outbox_row
from chassis.service import Runtime, Service
from chassis.testing.identity import Keys, as_service
from closeloop.leads.v1 import events_pb2 as leads
from integration.bootstrap import CATALOG, MIGRATIONS, POLICIES, wire
from integration.settings import IntegrationSettings
from integration.tables import employee

GOAL = 12.0
EVENTS, REPS, A_SECOND, IDLE_SECONDS = 2_000, 50, 40.0, 5.0
# Seconds after which a consumer has its lanes, and finds it quiet.
SETTLED = 10.0
NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
AT = Timestamp(seconds=int(NOW.timestamp()))
STEPS = ("remind", "popup", "email", "recycle_warning")
# What an event of an average step leaves behind, each row as long as the real ones.
ROWS = (("inbox", 60, 1.0), ("notification", 500, 1.5), ("outbox", 1300, 1.5), ("delivery", 500, 0.25))


@dataclass(frozen=True)
class World:
    service: Service
    bus: Bus
    url: str

    def is_told(self, events: int) -> bool:
        with self.service.uow.database.connect() as connection:
            had = connection.exec_driver_sql("SELECT count(*) FROM inbox").scalar_one()
        return int(had) >= events


def main() -> int:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with open_world() as world:
        publish(world.bus, [overdue(number) for number in range(events)])
        bare = (client_alone(world.bus, events) + driver_alone(world.url, events)) / events
        burst = spent(world, lambda _: world.is_told(events)) / events
        publish(world.bus, [unheard(number) for number in range(events)])
        ignored = spent(world, lambda consumer: consumer.caught_up()) / events
        few = max(events // 5, 1)
        trickle = spent(world, lambda _: world.is_told(events + few), slowly(world.bus, events, few)) / few
        idle = idling(world)
    print(f"CPU-ms per event that is told: {burst:.2f} in a burst, {trickle:.2f} at {A_SECOND:.0f} a second")
    print(f"CPU-ms per event that nobody needs: {ignored:.3f}; of a second without events: {idle:.1f}")
    print(f"bare client and bare inserts {bare:.3f}: ratio {burst / bare:.1f} (goal {GOAL:.0f})")
    return 0 if burst / bare <= GOAL else 1


@contextmanager
def open_world() -> Iterator[World]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True, durable=False) as postgres,
        LocalBroker(folder / "broker", ephemeral=True) as broker,
    ):
        url = create_service_database(postgres, "integration")
        migrate(url, MIGRATIONS)
        settings = IntegrationSettings(mode=Mode.LOCAL, files_url=(folder / "files").as_uri(), database_url=url)
        bus, own = Bus(BusSettings.embedded(broker.bootstrap)), folder / "own"
        own.mkdir()
        runtime = Runtime(
            "integration", settings, CATALOG, POLICIES, clock=FixedClock(NOW), keyring=Keys(own).of("integration")
        )
        with runtime.uow.begin(as_service("integration")) as tx:
            tx.execute(insert(employee), [person(f"E{number:05}") for number in range(2 * REPS)])
            tx.commit()
        bus.ensure_topics({each.topic for each in CATALOG})
        try:
            yield World(wire(runtime, settings, {}), bus, url)
        finally:
            runtime.policies.close()
            runtime.close()


# -- events -------------------------------------------------------------------------------------------------------


def overdue(number: int) -> leads.LeadResponseOverdue:
    rep = number % REPS
    return leads.LeadResponseOverdue(
        lead_id=f"L{number // len(STEPS)}", company_name="杭州云图信息技术有限公司", grade="A",
        step=STEPS[number % len(STEPS)], owner_id=f"E{rep:05}", owner_name="李娜", manager_id=f"E{REPS + rep:05}",
        unit="/HQ/EAST/HZ1/", assigned_at=AT, due_at=AT,
    )  # fmt: skip


def unheard(number: int) -> leads.LeadCaptured:
    """On the same topic, and of a type that no notice is made of."""
    return leads.LeadCaptured(lead_id=f"L{number}", company_name="杭州云图信息技术有限公司", grade="A")


def person(employee_id: str) -> dict[str, Any]:
    return {"employee_id": employee_id, "version": 1, "name": "李娜", "status": "active", "email": "li@example.com"}


def publish(bus: Bus, events: Sequence[Any], pause: float = 0.0) -> None:
    """All at once, or one after the other."""
    rows = [outbox_row(CATALOG, each, service="leads", at=NOW, cause=Cause("", "")) for each in events]
    outgoing = [Outgoing(row.topic, row.aggregate_id, row.headers, row.data) for row in rows]
    publisher, size = bus.publisher(), 1 if pause else 500
    for start in range(0, len(outgoing), size):
        publisher.publish(outgoing[start : start + size])
        time.sleep(pause)
    publisher.close()


def slowly(bus: Bus, first: int, events: int) -> Callable[[], None]:
    """From another process, so that publishing is not counted."""
    child = get_context("spawn").Process(target=publish_slowly, args=(bus.settings.bootstrap, first, events))
    return child.start


def publish_slowly(bootstrap: str, first: int, events: int) -> None:
    publish(Bus(BusSettings.embedded(bootstrap)), [overdue(first + n) for n in range(events)], 1 / A_SECOND)


# -- processor time, in milliseconds ------------------------------------------------------------------------------


def spent(world: World, done: Callable[[Consumer], bool], begin: Callable[[], None] = lambda: None) -> float:
    """Of the consumer, once it reads, until it is done."""
    with consuming(world) as consumer:
        before = time.process_time()
        begin()
        while not done(consumer):
            time.sleep(0.2)
        return (time.process_time() - before) * 1000


def idling(world: World) -> float:
    """Unasked: while somebody asks whether it has caught up, a consumer is as quick as under load."""
    with consuming(world):
        time.sleep(SETTLED)
        before = time.process_time()
        time.sleep(IDLE_SECONDS)
        return (time.process_time() - before) / IDLE_SECONDS * 1000


@contextmanager
def consuming(world: World) -> Iterator[Consumer]:
    stop, consumer = Event(), Consumer(world.bus, world.service.uow, world.service.consumers)
    thread = Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield consumer
    finally:
        stop.set()
        thread.join()


def client_alone(bus: Bus, events: int) -> float:
    """Poll everything, and do nothing with it."""
    before, read = time.process_time(), 0
    with closing(bus.consumer("bench")) as client:
        client.assign(bus.places({CATALOG.of_type("leads.response_overdue").topic}))
        while read < events:
            read += sum(len(each) for each in client.poll(timeout_ms=250).values())
    return (time.process_time() - before) * 1000


def driver_alone(url: str, events: int) -> float:
    """As many rows as the events leave behind, into tables without an index, 500 events at a time."""
    before = time.process_time()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, _, _ in ROWS:
            cursor.execute(f"CREATE TEMP TABLE bench_{table} (id bigint, data text)")
        for _ in range(events // 500):
            for table, length, share in ROWS:
                rows = [(number, "x" * length) for number in range(int(share * 500))]
                cursor.executemany(f"INSERT INTO bench_{table} VALUES (%s, %s)", rows)
            connection.commit()
    return (time.process_time() - before) * 1000


if __name__ == "__main__":
    sys.exit(main())
