"""What relays and consumers do while nothing happens, and how soon they notice that something does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from chassis.bus import Bus, BusSettings
from chassis.clock import FixedClock
from chassis.consumer import Consumer, ConsumerSettings, on
from chassis.consumer.pace import Pace
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.local import LocalBroker, local_broker
from chassis.relay import Relay, RelaySettings
from chassis.unit_of_work import UnitOfWork
from libs.chassis.tests.data.loops import running, wait_for
from libs.chassis.tests.data.workshop import ME, ORDERS, WorkerMoved, count, effects, record_steps, step_order

# Longer than `wait_for` is patient: who has to look for events finds none in time.
SELDOM = 60.0


@pytest.fixture
def broker(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalBroker]:
    """An empty broker of its own for each test."""
    with local_broker(server_folder / f"broker-{id(request)}", ephemeral=True) as server:
        yield server


@pytest.fixture
def relay(database: Database, bus: Bus) -> Iterator[Callable[[float, Event], Relay]]:
    own = Database(database.url, pool_size=1)
    yield lambda look, wake: Relay(own, bus, topics={ORDERS}, settings=RelaySettings(look=look), wake=wake)
    own.close()


MakeRelay = Callable[[float, Event], Relay]


def sent(database: Database, events: int) -> bool:
    return count(database, "outbox_sent") == events


def arrived(database: Database, events: int) -> bool:
    return len(effects(database)) == events


@pytest.mark.spec("P3.2")
def test_a_relay_is_woken_by_what_its_own_process_commits(
    database: Database, uow: UnitOfWork, relay: MakeRelay
) -> None:
    with running(relay(SELDOM, uow.recorded).run):
        try:
            for step in (1, 2, 3):
                record_steps(uow, "A", step)
                wait_for(partial(sent, database, step))
        finally:
            uow.recorded.set()  # ends its rest, so that the test ends
    assert count(database, "outbox") == 0


@pytest.mark.spec("P3.2", "P8.1")
def test_what_comes_in_a_row_goes_in_one_round(database: Database, bus: Bus, uow: UnitOfWork) -> None:
    """What came alone went at once; the rest of the same moment costs one more transaction, not one each."""
    own = Database(database.url, pool_size=1)
    relay = Relay(own, bus, topics={ORDERS}, settings=RelaySettings(poll=3.0), wake=uow.recorded)
    with running(relay.run):
        record_steps(uow, "A", 1)
        wait_for(partial(sent, database, 1))
        for key in "BCDE":
            record_steps(uow, key, 1)
        wait_for(partial(sent, database, 5))
        uow.recorded.set()  # ends its rest
    own.close()
    with database.read() as connection:
        rounds = connection.scalars(text("SELECT count(*) FROM outbox_sent GROUP BY xmin ORDER BY 1")).all()
    assert rounds == [1, 4]


def test_what_is_rolled_back_wakes_nobody(uow: UnitOfWork) -> None:
    with uow.begin(ME) as tx:
        tx.record(WorkerMoved("W1", "north"))
    with uow.begin(ME) as tx:
        tx.commit()
    assert not uow.recorded.is_set()


@pytest.mark.spec("P3.2")
def test_a_woken_relay_still_looks_for_what_other_processes_wrote(
    database: Database, uow: UnitOfWork, catalog: EventCatalog, relay: MakeRelay
) -> None:
    other = UnitOfWork(database, FixedClock(datetime(2026, 3, 10, 2, tzinfo=UTC)), catalog, "workshop")
    with running(relay(0.1, uow.recorded).run):
        record_steps(other, "A", 1)
        wait_for(lambda: count(database, "outbox_sent") == 1)
    assert not uow.recorded.is_set()


def test_fetches_are_held_long_after_a_silence_and_short_when_something_comes(bus: Bus) -> None:
    now = [100.0]
    settings = BusSettings.embedded(bus.settings.bootstrap, fetch_max_wait_ms=50, quiet_wait_ms=400)
    bus.ensure_topics({ORDERS})
    with closing(Bus(settings).consumer("idler")) as kafka:
        pace = Pace(kafka, settings, 3.0, clock=lambda: now[0])

        def held(*, lively: bool) -> int:
            pace.keep(lively=lively)
            return int(kafka._fetcher.config["fetch_max_wait_ms"])

        assert held(lively=False) == 50
        now[0] += 3.0
        assert held(lively=False) == 400
        assert held(lively=True) == 50
        now[0] += 1.5
        assert held(lively=False) == 50
        now[0] += 1.5
        assert held(lively=False) == 400


@pytest.mark.spec("P3.2")
def test_events_arrive_while_fetches_are_held_long(
    database: Database, bus: Bus, uow: UnitOfWork, relay: MakeRelay
) -> None:
    slow = Bus(BusSettings.embedded(bus.settings.bootstrap, quiet_wait_ms=1000))
    always_quiet = ConsumerSettings(silence=0.0)
    consumer = Consumer(slow, uow, [on("workshop.order_stepped", step_order)], always_quiet)
    with running(relay(0.1, uow.recorded).run, consumer.run):
        for step in (1, 2, 3):
            record_steps(uow, "A", step)
            wait_for(partial(arrived, database, step))
    assert effects(database) == [("A", 1), ("A", 2), ("A", 3)]
