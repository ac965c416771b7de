"""Many events in one list: the same guarantees as one by one, for a fraction of the price."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.bus import Bus, Outgoing
from chassis.clock import FixedClock
from chassis.consumer import Consumer, ConsumerSettings, Handler, Processor, on, on_batch, on_behalf_of, parked_events
from chassis.database import Database
from chassis.events import Cause, EventCatalog, Incoming, Record
from chassis.local import LocalBroker, local_broker
from chassis.outbox import outbox_row
from chassis.testing.events import as_record, recorded_events
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.loops import running, wait_for
from libs.chassis.tests.data.workshop import ORDERS, OrderStepped, WorkerMoved, count, effects, step_order, write_effect

WORKERS = "closeloop.workshop.worker.v1"
STEPPED, MOVED = "workshop.order_stepped", "workshop.worker_moved"
BROKEN = 7
PATIENT = ConsumerSettings(pauses=(3600.0,), breaker_minimum=10_000)


@pytest.fixture
def broker(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalBroker]:
    """An empty broker of its own for each test."""
    with local_broker(server_folder / f"broker-{id(request)}", ephemeral=True) as server:
        yield server


class Log:
    """A handler of both types, which notes what came in which list."""

    def __init__(self) -> None:
        self.lists: list[list[str]] = []

    def __call__(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        self.lists.append([event.key for event in events])
        take(tx, events)

    @property
    def table(self) -> list[Handler]:
        return [on_batch(STEPPED, self), on_batch(MOVED, self)]


def take(tx: Transaction, events: Sequence[Incoming]) -> None:
    for event in events:
        step = event.message.step if event.type == STEPPED else 0
        write_effect(tx, event.key, step)
        if step == BROKEN:
            raise ValueError("step 7 is broken")


def take_one(tx: Transaction, event: Incoming) -> None:
    take(tx, [event])


TOGETHER = [on_batch(STEPPED, take), on_batch(MOVED, take)]
ONE_BY_ONE = [on(STEPPED, take_one), on(MOVED, take_one)]


def records(uow: UnitOfWork, *events: object) -> list[Record]:
    rows = [outbox_row(uow.catalog, each, service="test", at=uow.clock.now(), cause=Cause("", "")) for each in events]
    return [as_record(row, place) for place, row in enumerate(rows)]


def publish(bus: Bus, made: Sequence[Record]) -> None:
    bus.ensure_topics({ORDERS, WORKERS})
    publisher = bus.publisher()
    publisher.publish([Outgoing(each.topic, each.key, each.headers, each.data) for each in made])
    publisher.close()


@pytest.mark.spec("P3.2")
def test_types_of_one_handler_come_in_one_list_in_the_order_of_the_log(uow: UnitOfWork) -> None:
    log = Log()
    made = records(uow, OrderStepped("A", 1), WorkerMoved("W", "north"), OrderStepped("A", 2), OrderStepped("B", 1))
    Processor(uow, log.table).process(made)
    assert log.lists == [["A", "W", "A", "B"]]


def test_other_handlers_come_between_in_the_order_of_the_log(database: Database, uow: UnitOfWork) -> None:
    log = Log()
    made = records(uow, OrderStepped("A", 1), OrderStepped("B", 1), WorkerMoved("W", "north"), OrderStepped("A", 2))
    Processor(uow, [on_batch(STEPPED, log), on_batch(MOVED, take)]).process(made)
    assert log.lists == [["A", "B"], ["A"]]
    assert [key for key, _ in effects(database)] == ["A", "B", "W", "A"]


@pytest.mark.spec("P3.2")
def test_a_bad_event_in_a_list_parks_alone_with_what_follows_it(database: Database, uow: UnitOfWork) -> None:
    made = records(
        uow, OrderStepped("A", 1), OrderStepped("B", BROKEN), WorkerMoved("W", "north"), OrderStepped("B", 8)
    )
    waits = Processor(uow, TOGETHER, PATIENT).process(made)
    assert waits
    assert effects(database) == [("A", 1), ("W", 0)]
    with database.connect() as connection:
        found = [(each.record.key, each.state) for each in parked_events(connection, "workshop")]
    assert found == [("B", "retrying"), ("B", "waiting")]


def test_what_went_well_asks_for_no_retry(uow: UnitOfWork) -> None:
    assert not Processor(uow, TOGETHER).process(records(uow, OrderStepped("A", 1), OrderStepped("B", 1)))


@pytest.mark.spec("P3.2")
def test_each_event_of_a_list_can_be_named_as_the_cause(uow: UnitOfWork, database: Database) -> None:
    def answer(tx: Transaction, events: Sequence[Incoming]) -> None:
        for event in events:
            with on_behalf_of(tx, event):
                tx.record(WorkerMoved(event.key, "north"))

    made = records(uow, OrderStepped("A", 1), OrderStepped("B", 1))
    Processor(uow, [on_batch(STEPPED, answer)]).process(made)
    with database.connect() as connection:
        caused = recorded_events(connection, uow.catalog)
    assert [event.causation_id for event in caused] == [each.event_id for each in made]
    assert [event.correlation_id for event in caused] == [each.event_id for each in made]


@pytest.mark.spec("P3.2")
def test_the_first_events_of_a_large_poll_are_seen_before_the_last_are_handled(
    uow: UnitOfWork, database: Database
) -> None:
    seen: list[int] = []

    def look(tx: Transaction, events: Sequence[Incoming]) -> None:
        seen.append(len(effects(database)))
        take(tx, events)

    made = records(uow, *(OrderStepped(key, 1) for key in "ABCDE"))
    for _ in range(2):
        Processor(uow, [on_batch(STEPPED, look)], ConsumerSettings(most=2)).process(made)
    assert seen == [0, 2, 4]
    assert [key for key, _ in effects(database)] == list("ABCDE")


Told = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([1, 2, BROKEN])), min_size=1, max_size=12)


@pytest.mark.spec("P3.2")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(polls=st.lists(Told, min_size=1, max_size=3), again=st.booleans())
def test_lists_have_the_effects_of_one_by_one(
    database: Database, clock: FixedClock, catalog: EventCatalog, polls: list[list[tuple[str, int]]], again: bool
) -> None:
    """Whatever comes, however often, with bad ones among it: the same effects per key, the same events parked."""
    outcomes = []
    for service, table in (("together", TOGETHER), ("alone", ONE_BY_ONE)):
        with database.begin() as connection:
            connection.exec_driver_sql("TRUNCATE effect, inbox, parked_event")
        uow = UnitOfWork(database, clock, catalog, service)
        processor = Processor(uow, table, PATIENT)
        for poll in polls:
            made = records(uow, *(OrderStepped(key, step) for key, step in poll))
            processor.process([*made, *made] if again else made)
        with database.connect() as connection:
            parked = [
                (each.record.key, each.record.data, each.state) for each in parked_events(connection, service, 1000)
            ]
        outcomes.append(({key: effects(database, key) for key in "ABC"}, sorted(parked), count(database, "inbox")))
    together, alone = outcomes
    assert together == alone


@pytest.mark.spec("P7.1", "P3.2")
@pytest.mark.parametrize("point", ["before-commit", "after-effect-before-offset"])
def test_killed_in_a_list_and_started_again_each_event_has_one_effect(
    database: Database, bus: Bus, uow: UnitOfWork, contracts: ModuleType, point: str
) -> None:
    publish(bus, records(uow, *(OrderStepped(key, step) for step in range(1, 6) for key in "ABC")))
    script = """
        import sys
        sys.path[:0] = [sys.argv[2], "."]
        from threading import Event
        import workshop_pb2
        from chassis import faults
        from chassis.bus import Bus, BusSettings
        from chassis.clock import SystemClock
        from chassis.consumer import Consumer
        from chassis.database import Database
        from chassis.events import EventCatalog
        from chassis.unit_of_work import UnitOfWork
        from libs.chassis.tests.data.test_batches import TOGETHER
        faults.arm_from_environment()
        bus = Bus(BusSettings(bootstrap=sys.argv[3], profile=sys.argv[4]))
        uow = UnitOfWork(Database(sys.argv[1]), SystemClock(), EventCatalog.of(workshop_pb2), service="workshop")
        Consumer(bus, uow, TOGETHER).run(Event())
    """
    arguments = [database.url, str(Path(str(contracts.__file__)).parent), bus.settings.bootstrap, bus.settings.profile]
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env=os.environ | {"CLOSELOOP_MODE": "local", "CLOSELOOP_FAULT": point},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert bool(effects(database)) == (point == "after-effect-before-offset")
    again = Consumer(bus, uow, TOGETHER)
    with running(again.run):
        wait_for(lambda: count(database, "inbox") == 15 and again.caught_up())
    for key in "ABC":
        assert effects(database, key) == [(key, step) for step in range(1, 6)]


@pytest.mark.spec("P3.2")
def test_what_comes_while_events_keep_coming_is_handled_together(database: Database, bus: Bus, uow: UnitOfWork) -> None:
    """The first one at once; the next ones are gathered, so that each does not cost a transaction."""
    log = Log()
    first, *rest = records(uow, *(OrderStepped("A", step) for step in range(1, 7)))
    with running(Consumer(bus, uow, log.table, ConsumerSettings(gather=3.0)).run):
        publish(bus, [first])
        wait_for(lambda: effects(database))
        for each in rest:
            publish(bus, [each])
        wait_for(lambda: len(effects(database)) == 6)
    assert log.lists == [["A"], ["A"] * 5]
    assert [step for _, step in effects(database)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.spec("P3.2")
def test_what_nobody_handles_is_passed_over_without_the_inbox_and_not_read_again(
    database: Database, bus: Bus, uow: UnitOfWork
) -> None:
    publish(bus, records(uow, *(OrderStepped(key, 1) for key in "ABCDEF")))
    listener = Consumer(bus, uow, [on_batch("workshop.order_placed", take)])  # of the same topic
    with running(listener.run):
        wait_for(listener.caught_up)
    assert count(database, "inbox") == 0
    places = bus.places([ORDERS])
    with closing(bus.consumer("workshop")) as kafka:
        kafka.assign(places)
        assert sum(kafka.committed(place) or 0 for place in places) == 6


@pytest.mark.spec("P3.2")
def test_offsets_are_committed_now_and_then_though_nobody_asks(database: Database, bus: Bus, uow: UnitOfWork) -> None:
    """Else a crash after weeks would read again what the inbox no longer knows."""
    publish(bus, records(uow, *(OrderStepped(key, 1) for key in "ABCDEF")))
    places = bus.places([ORDERS])
    table = [on("workshop.order_stepped", step_order)]
    with (
        running(Consumer(bus, uow, table, ConsumerSettings(settle_lanes=0.1)).run),
        closing(bus.consumer("workshop")) as kafka,
    ):
        kafka.assign(places)
        wait_for(lambda: sum(kafka.committed(place) or 0 for place in places) == 6)
        assert count(database, "effect") == 6
