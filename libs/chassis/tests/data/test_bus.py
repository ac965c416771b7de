"""Relay and consumer together on a real broker: what is recorded arrives, in order, with one effect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kafka.structs import OffsetAndMetadata
from sqlalchemy import text

from chassis.bus import BrokerAway, Bus, BusSettings, Outgoing
from chassis.clock import FixedClock
from chassis.consumer import Consumer, ConsumerSettings, Handler, on, on_batch, parked_events, replay_parked
from chassis.consumer.positions import Positions
from chassis.database import Database
from chassis.events import EventCatalog, Incoming
from chassis.local import LocalBroker, local_broker
from chassis.local.ports import free_port
from chassis.outbox import refill
from chassis.relay import Relay, RelaySettings
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.loops import running, wait_for
from libs.chassis.tests.data.workshop import (
    ME,
    ORDERS,
    WorkerMoved,
    count,
    effects,
    move_workers,
    record_steps,
    step_order,
)

WORKERS = "closeloop.workshop.worker.v1"
QUICK = RelaySettings(poll=0.01, retry=0.1, look_at_broker=0.2, refill_when_broker_empty=True)
TABLE = [on("workshop.order_stepped", step_order), on_batch("workshop.worker_moved", move_workers)]


@pytest.fixture
def broker(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalBroker]:
    """An empty broker of its own for each test."""
    with local_broker(server_folder / f"broker-{id(request)}", ephemeral=True) as server:
        yield server


@pytest.fixture
def relay(database: Database, bus: Bus) -> Iterator[Callable[..., Relay]]:
    made: list[Database] = []

    def make(settings: RelaySettings = QUICK) -> Relay:
        made.append(Database(database.url, pool_size=1))
        return Relay(made[-1], bus, topics={ORDERS, WORKERS}, settings=settings)

    yield make
    for each in made:
        each.close()


MakeRelay = Callable[..., Relay]


def consumer(bus: Bus, uow: UnitOfWork, table: list[Handler] | None = None) -> Consumer:
    return Consumer(bus, uow, table or TABLE, ConsumerSettings(pauses=(0.05,), look_for_retries=0.1, reconnect=0.1))


def published(bus: Bus, topic: str, number: int) -> list[Any]:
    """The first `number` messages of a topic, per partition in order."""
    wait_for(lambda: bus.places([topic]))  # the relay makes it when it has something for it
    kafka = bus.consumer("onlooker")
    kafka.assign(bus.places([topic]))
    found: list[Any] = []

    def enough() -> bool:
        found.extend(each for batch in kafka.poll(timeout_ms=200).values() for each in batch)
        return len(found) >= number

    try:
        wait_for(enough)
    finally:
        kafka.close(autocommit=False)
    return found


def steps_of(messages: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        step = int(message.value.decode().rpartition(":")[2].rstrip("}"))
        found.setdefault(message.key.decode(), []).append(step)
    return found


@pytest.mark.spec("P3.2")
def test_what_is_recorded_is_published_as_cloudevents_keyed_by_aggregate(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    record_steps(uow, "A", 1, 2)
    with running(relay().run):
        wait_for(lambda: count(database, "outbox_sent") == 2)
    assert count(database, "outbox") == 0
    first, second = published(bus, ORDERS, 2)
    headers = {name: value.decode() for name, value in first.headers}
    assert (first.key, first.value) == (b"A", b'{"orderId":"A","step":1}')
    assert (headers["ce_type"], headers["ce_source"]) == ("workshop.order_stepped", "/closeloop/workshop")
    assert second.partition == first.partition


@pytest.mark.spec("P3.2")
def test_two_relays_under_load_keep_the_order_of_each_aggregate(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    keys = [f"O{n}" for n in range(40)]

    def write(key: str) -> None:
        for step in range(0, 50, 5):
            record_steps(uow, key, *range(step, step + 5))

    with running(relay().run, relay().run), ThreadPoolExecutor(4) as writers:
        list(writers.map(write, keys))
        wait_for(lambda: count(database, "outbox_sent") == 2000)
        found = steps_of(published(bus, ORDERS, 2000))
    assert found == {key: list(range(50)) for key in keys}


@pytest.mark.spec("P7.3")
def test_start_order_does_not_matter(
    database: Database, server_folder: Path, clock: FixedClock, catalog: EventCatalog, uow: UnitOfWork
) -> None:
    port = free_port()
    late = local_broker(server_folder / "late", port=port, ephemeral=True)
    bus = Bus(BusSettings(bootstrap=f"127.0.0.1:{port}", profile=late.profile))
    own = Database(database.url, pool_size=1)
    record_steps(uow, "A", 1)
    with running(Relay(own, bus, topics={ORDERS}, settings=QUICK).run, consumer(bus, uow).run):
        with pytest.raises(BrokerAway):
            bus.cluster_id()
        with late:
            wait_for(lambda: effects(database) == [("A", 1)])
    own.close()


@pytest.mark.spec("P7.1")
def test_a_broker_that_comes_back_empty_is_filled_again_and_effects_stay_single(
    database: Database, server_folder: Path, uow: UnitOfWork, relay: MakeRelay, bus: Bus, broker: LocalBroker
) -> None:
    port = broker.port
    with running(relay().run, consumer(bus, uow).run):
        record_steps(uow, "A", 1, 2)
        record_steps(uow, "B", 1)
        wait_for(lambda: len(effects(database)) == 3)
        broker.process.kill()
        record_steps(uow, "A", 3)
        with local_broker(server_folder / f"again-{port}", port=port, ephemeral=True):
            wait_for(lambda: len(effects(database)) == 4)
            wait_for(lambda: count(database, "outbox") == 0)
            assert set(steps_of(published(bus, ORDERS, 4))) == {"A", "B"}
            record_steps(uow, "B", 2)
            wait_for(lambda: len(effects(database)) == 5)
    assert effects(database, "A") == [("A", 1), ("A", 2), ("A", 3)]
    assert effects(database, "B") == [("B", 1), ("B", 2)]


def test_a_start_on_an_empty_broker_fills_it_only_when_told_to(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    record_steps(uow, "A", 1)
    relay_once(relay, RelaySettings(poll=0.01), lambda: count(database, "outbox_sent") == 1)
    with bus.admin() as admin:
        admin.delete_topics([ORDERS])
    relay_once(relay, RelaySettings(poll=0.01), lambda: bus.end_offsets([ORDERS]))
    assert bus.is_empty([ORDERS])
    relay_once(relay, QUICK, lambda: not bus.is_empty([ORDERS]))


def relay_once(relay: MakeRelay, settings: RelaySettings, done: Callable[[], object]) -> None:
    with running(relay(settings).run):
        wait_for(done)


def test_a_refill_keeps_order_and_spares_what_is_older(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    record_steps(uow, "A", 1, 2, 3)
    relay_once(relay, QUICK, lambda: count(database, "outbox_sent") == 3)
    with database.begin() as connection:
        connection.execute(text("UPDATE outbox_sent SET recorded_at = recorded_at - interval '1 day' WHERE seq = 1"))
    assert refill(database, datetime.now(UTC) - timedelta(hours=1)) == 2
    relay_once(relay, QUICK, lambda: count(database, "outbox") == 0)
    assert steps_of(published(bus, ORDERS, 5)) == {"A": [1, 2, 3, 2, 3]}


@pytest.mark.spec("P3.2")
def test_a_poison_event_parks_its_key_until_replay_while_others_go_on(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    broken = {"A"}

    def handle(tx: Transaction, event: Incoming) -> None:
        if event.key in broken and event.message.step == 2:
            raise ValueError("poison")
        step_order(tx, event)

    eater = consumer(bus, uow, [on("workshop.order_stepped", handle)])
    with running(relay().run, eater.run):
        for step in (1, 2, 3):
            record_steps(uow, "A", step)
            record_steps(uow, "B", step)
        wait_for(lambda: [each[1] for each in effects(database, "B")] == [1, 2, 3] and dead(database))
        assert effects(database, "A") == [("A", 1)]
        assert published(bus, "closeloop.dead-letter.workshop.v1", 1)[0].key == b"A"
        broken.clear()
        with database.begin() as connection:
            replay_parked(connection, "workshop", "A")
        wait_for(lambda: effects(database, "A") == [("A", 1), ("A", 2), ("A", 3)])
        wait_for(eater.caught_up)


def dead(database: Database) -> bool:
    with database.connect() as connection:
        return [each.state for each in parked_events(connection, "workshop")] == ["dead", "waiting"]


def test_caught_up_means_that_nothing_is_left(database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay) -> None:
    eater = consumer(bus, uow)
    assert not eater.caught_up()
    with running(eater.run):
        wait_for(eater.caught_up)
        for number in range(5):
            with uow.begin(ME) as tx:
                for worker in range(30):
                    tx.record(WorkerMoved(f"W{worker}", "north"))
                tx.commit()
            relay_once(relay, QUICK, lambda: count(database, "outbox") == 0)
            wait_for(eater.caught_up)
            assert count(database, "effect") == 30 * (number + 1)


@pytest.mark.spec("P7.3")
def test_replicas_share_the_work_and_take_over(database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay) -> None:
    eaten: dict[str, list[str]] = {"one": [], "two": []}

    def table(name: str) -> list[Handler]:
        def handle(tx: Transaction, event: Incoming) -> None:
            eaten[name].append(event.key)
            step_order(tx, event)

        return [on("workshop.order_stepped", handle)]

    keys = [f"O{n}" for n in range(30)]
    step = 0

    def both_eat() -> bool:
        nonlocal step
        step += 1
        for key in keys:
            record_steps(uow, key, step)
        wait_for(lambda: count(database, "effect") == step * len(keys))
        return bool(eaten["one"][-1:]) and bool(eaten["two"][-1:])

    with running(relay().run, consumer(bus, uow, table("one")).run):
        with running(consumer(bus, uow, table("two")).run):
            wait_for(both_eat, seconds=30)
        gone = len(eaten["two"])
        assert both_eat()
        assert len(eaten["two"]) == gone
    for key in keys:
        assert [each for _, each in effects(database, key)] == list(range(1, step + 1))


@pytest.mark.spec("P7.2")
def test_who_can_no_longer_reach_the_broker_leaves_its_lanes_to_others(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay, server_folder: Path
) -> None:
    """Its database is there, and so would be its locks: nobody else could read on."""
    with local_broker(server_folder / f"cut-off-{id(uow)}", ephemeral=True) as other:
        cut_off = Bus(BusSettings(bootstrap=other.bootstrap, profile=other.profile))
        settings = ConsumerSettings(figures=0.1, reconnect=0.1, settle_lanes=0.1)
        with running(Consumer(cut_off, uow, TABLE, settings).run):
            wait_for(lambda: shared_lanes(database) > 0)
            with running(relay().run, Consumer(bus, uow, TABLE, settings).run):
                wait_for(lambda: members(database) == 2)
                other.process.kill()
                for number in range(30):
                    record_steps(uow, f"O{number}", 1)
                wait_for(lambda: count(database, "effect") == 30)


def members(database: Database) -> int:
    with database.connect() as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 46 AND objid = 0"
        return int(connection.execute(text(query)).scalar_one())


def shared_lanes(database: Database) -> int:
    with database.connect() as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 46 AND objid > 0"
        return int(connection.execute(text(query)).scalar_one())


@pytest.mark.spec("P7.1")
@pytest.mark.parametrize("point", ["after-publish-before-mark"])  # the others: tests/faults
def test_killed_between_the_two_systems_and_started_again_each_event_has_one_effect(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay, contracts: ModuleType, point: str
) -> None:
    record_steps(uow, "A", 1, 2, 3)
    script = """
        import sys
        sys.path[:0] = [sys.argv[2], "."]
        from threading import Event, Thread
        import workshop_pb2
        from chassis import faults
        from chassis.bus import Bus, BusSettings
        from chassis.clock import SystemClock
        from chassis.consumer import Consumer
        from chassis.database import Database
        from chassis.events import EventCatalog
        from chassis.relay import Relay
        from chassis.unit_of_work import UnitOfWork
        from libs.chassis.tests.data.test_bus import QUICK, TABLE
        faults.arm_from_environment()
        bus = Bus(BusSettings(bootstrap=sys.argv[3], profile=sys.argv[4]))
        database, stop = Database(sys.argv[1]), Event()
        uow = UnitOfWork(database, SystemClock(), EventCatalog.of(workshop_pb2), service="workshop")
        loops = [Relay(database, bus, settings=QUICK).run, Consumer(bus, uow, TABLE).run]
        threads = [Thread(target=loop, args=(stop,)) for loop in loops]
        for thread in threads: thread.start()
        for thread in threads: thread.join(20)
    """
    folder = str(Path(str(contracts.__file__)).parent)
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(script),
            database.url,
            folder,
            bus.settings.bootstrap,
            bus.settings.profile,
        ],
        env=os.environ | {"CLOSELOOP_MODE": "local", "CLOSELOOP_FAULT": point},
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    eater = consumer(bus, uow)
    with running(relay().run, eater.run):
        wait_for(lambda: count(database, "outbox") == 0 and len(effects(database)) >= 3 and eater.caught_up())
    assert effects(database) == [("A", 1), ("A", 2), ("A", 3)]


@pytest.mark.spec("P7.1")
def test_a_replaced_broker_is_read_from_its_beginning(server_folder: Path, bus: Bus, broker: LocalBroker) -> None:
    """The new log has other events at the places that were read in the old one."""
    fill(bus, "ABC")
    positions, found = Positions(), list[str]()
    clients = [reader(bus)]

    def read() -> set[str]:
        try:
            positions.check(clients[-1])
        except BrokerAway:
            clients.append(reader(bus))  # as the consumer's loop does
            positions.check(clients[-1])
        polled = clients[-1].poll(timeout_ms=200)
        found.extend(each.value.decode() for batch in polled.values() for each in batch)
        return set(found)

    try:
        wait_for(lambda: read() == set("ABC"))
        broker.process.kill()
        with local_broker(server_folder / f"replaced-{broker.port}", port=broker.port, ephemeral=True):
            fill(bus, "DABC")
            commit(bus, 3)  # what was read in the old log, told to the new one
            wait_for(lambda: read() == set("ABCD"), seconds=30)
        assert len(clients) == 2
    finally:
        for each in clients:
            each.close(autocommit=False)


def commit(bus: Bus, offset: int) -> None:
    with closing(reader(bus)) as kafka:
        kafka.commit({place: OffsetAndMetadata(offset, "", -1) for place in kafka.assignment()})


def reader(bus: Bus) -> Any:
    kafka = bus.consumer("reader")
    kafka.assign(bus.places([ORDERS]))
    return kafka


def fill(bus: Bus, letters: str) -> None:
    """In this order, into one partition."""
    bus.ensure_topics([ORDERS])
    publisher = bus.publisher()
    publisher.publish([Outgoing(ORDERS, "same key", {}, letter.encode()) for letter in letters])
    publisher.close()
