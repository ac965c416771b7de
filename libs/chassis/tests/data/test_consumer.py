"""What the consumer promises, shown through `Processor` on a real database; the broker joins in test_bus.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Thread

import pytest
from sqlalchemy import text

from chassis import inbox
from chassis.clock import FixedClock
from chassis.consumer import (
    ConsumerSettings,
    ConsumerStopped,
    Handler,
    Processor,
    on,
    on_batch,
    parked_events,
    replay_parked,
    skip_parked,
)
from chassis.consumer.trouble import DatabaseAway
from chassis.database import Database
from chassis.errors import NotFound, Unavailable
from chassis.events import Cause, EventCatalog, Incoming, Record
from chassis.outbox import outbox_row
from chassis.testing.events import Listener, NotDelivered, as_record, deliver, recorded_events
from chassis.testing.locks import until_blocked
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.loops import wait_for
from libs.chassis.tests.data.workshop import (
    ORDERS,
    OrderStepped,
    WorkerMoved,
    count,
    effects,
    move_workers,
    step_order,
    write_effect,
)

HASTY = ConsumerSettings(pauses=(0.0, 0.0))
PATIENT = ConsumerSettings(pauses=(3600.0,))
NO_TWO = "step 2 is broken"


class Faulty:
    """A handler with a bug that can be repaired, as a new release would."""

    def __init__(self, *broken: int, error: Exception | None = None) -> None:
        self.broken = set(broken)
        self.error = error or ValueError(NO_TWO)
        self.attempts: list[int] = []

    def __call__(self, tx: Transaction, event: Incoming) -> None:
        step_order(tx, event)
        if event.message.step in self.broken:
            self.attempts.append(event.attempt)
            raise self.error

    @property
    def table(self) -> list[Handler]:
        return [on("workshop.order_stepped", self)]


@pytest.fixture
def stepped(uow: UnitOfWork) -> Callable[..., list[Record]]:
    """`stepped("A1", "B1", "A2")`: records of orders and steps in that order."""

    def make(*names: str) -> list[Record]:
        events = [OrderStepped(name[0], int(name[1:])) for name in names]
        return [
            as_record(outbox_row(uow.catalog, each, service="test", at=uow.clock.now(), cause=Cause("", "")), place)
            for place, each in enumerate(events)
        ]

    return make


Stepped = Callable[..., list[Record]]


def states(database: Database) -> list[tuple[str, str]]:
    with database.connect() as connection:
        found = parked_events(connection, "workshop")
    return [(each.record.key + each.record.data.decode().rpartition(":")[2].rstrip("}"), each.state) for each in found]


def drain_retries(processor: Processor) -> None:
    while processor.retry_due():
        pass


@pytest.mark.spec("P3.2")
def test_a_second_delivery_has_no_second_effect(database: Database, uow: UnitOfWork, stepped: Stepped) -> None:
    processor = Processor(uow, Faulty().table)
    records = stepped("A1", "A2")
    processor.process(records)
    processor.process(records)
    processor.process([records[1], records[1], *stepped("A3")])
    assert effects(database) == [("A", 1), ("A", 2), ("A", 3)]


def test_the_same_event_twice_in_one_poll_has_one_effect(database: Database, uow: UnitOfWork, stepped: Stepped) -> None:
    [record] = stepped("A1")
    Processor(uow, Faulty().table).process([record, record])
    assert effects(database) == [("A", 1)]


def test_two_replicas_that_get_the_same_event_have_one_effect(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    [record] = stepped("A1")
    inside, go_on = Event(), Event()

    def slow(tx: Transaction, event: Incoming) -> None:
        inside.set()
        assert go_on.wait(10)
        step_order(tx, event)

    first = Thread(target=Processor(uow, [on("workshop.order_stepped", slow)]).process, args=([record],))
    first.start()
    assert inside.wait(10)
    second = Thread(target=Processor(uow, Faulty().table).process, args=([record],))
    second.start()
    go_on.set()
    first.join(10)
    second.join(10)
    assert effects(database) == [("A", 1)]


def test_unknown_types_are_skipped(database: Database, uow: UnitOfWork, stepped: Stepped) -> None:
    [record] = stepped("A1")
    newer = replace(record, headers=record.headers | {"ce_type": "workshop.order_painted"})
    Processor(uow, Faulty().table).process([newer, replace(record, headers={})])
    assert count(database, "inbox") == count(database, "parked_event") == 0


@pytest.mark.spec("P3.2")
def test_a_failing_event_parks_its_key_and_the_others_go_on(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    faulty = Faulty(2)
    processor = Processor(uow, faulty.table, PATIENT)
    processor.process(stepped("A1", "A2", "B1", "A3", "B3"))
    assert effects(database) == [("A", 1), ("B", 1), ("B", 3)]
    assert states(database) == [("A2", "retrying"), ("A3", "waiting")]
    processor.process(stepped("A4", "B4"))
    assert effects(database, "A") == [("A", 1)]
    assert effects(database, "B") == [("B", 1), ("B", 3), ("B", 4)]


def test_retries_are_bounded_and_end_in_a_dead_letter_with_its_reason(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    faulty = Faulty(2)
    processor = Processor(uow, faulty.table, HASTY)
    processor.process(stepped("A2", "A3"))
    drain_retries(processor)
    assert faulty.attempts == [1, 2, 3]
    assert states(database) == [("A2", "dead"), ("A3", "waiting")]
    with database.connect() as connection:
        assert parked_events(connection, "workshop")[0].reason == f"ValueError: {NO_TWO}"
        topic, headers = connection.execute(text("SELECT topic, headers FROM outbox")).one()
    assert topic == "closeloop.dead-letter.workshop.v1"
    assert (headers["x-reason"], headers["x-topic"]) == (f"ValueError: {NO_TWO}", ORDERS)


@pytest.mark.spec("P3.2")
def test_replay_goes_through_the_key_in_order_after_the_repair(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    faulty = Faulty(2)
    processor = Processor(uow, faulty.table, HASTY)
    records = stepped("A2", "A3", "A4")
    processor.process(records)
    drain_retries(processor)
    faulty.broken.clear()
    with database.begin() as connection:
        assert replay_parked(connection, "workshop", "A") == 1
    drain_retries(processor)
    assert effects(database) == [("A", 2), ("A", 3), ("A", 4)]
    assert states(database) == []
    processor.process([*records, *stepped("A5")])
    assert effects(database) == [("A", 2), ("A", 3), ("A", 4), ("A", 5)]


def test_skip_lets_one_event_go_and_the_rest_of_its_key_on(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    processor = Processor(uow, Faulty(2).table, HASTY)
    records = stepped("A2", "A3")
    processor.process(records)
    drain_retries(processor)
    with database.begin() as connection:
        skip_parked(connection, parked_events(connection, "workshop")[0].id)
    drain_retries(processor)
    processor.process(records)
    assert effects(database) == [("A", 3)]
    assert states(database) == []
    assert count(database, "parked_event") == 1  # the skipped one, for the record


def test_skipping_what_is_not_parked_is_refused(database: Database) -> None:
    with database.begin() as connection, pytest.raises(NotFound):
        skip_parked(connection, 7)


def test_a_second_bad_event_behind_the_first_becomes_the_new_head(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    faulty = Faulty(2, 4)
    processor = Processor(uow, faulty.table, PATIENT)
    processor.process(stepped("A2", "A3", "A4", "A5"))
    faulty.broken = {4}
    with database.begin() as connection:
        replay_parked(connection, "workshop", "A")
    drain_retries(processor)
    assert effects(database) == [("A", 2), ("A", 3)]
    assert states(database) == [("A4", "retrying"), ("A5", "waiting")]


def test_an_event_redelivered_while_it_is_parked_is_parked_once(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    processor = Processor(uow, Faulty(2).table, PATIENT)
    records = stepped("A2", "A3")
    for _ in range(3):
        processor.process(records)
    assert states(database) == [("A2", "retrying"), ("A3", "waiting")]
    assert count(database, "inbox") == 0


def test_a_neighbour_that_is_away_is_waited_for_beyond_the_bound(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    faulty = Faulty(2, error=Unavailable())
    processor = Processor(uow, faulty.table, HASTY)
    processor.process(stepped("A2"))
    for _ in range(10):
        assert processor.retry_due()
    assert states(database) == [("A2", "retrying")]
    faulty.broken.clear()
    drain_retries(processor)
    assert effects(database) == [("A", 2)]


@pytest.mark.parametrize(
    ("headers", "data"),
    [({"ce_id": "seven"}, b'{"orderId":"A"}'), ({}, b"{"), ({"ce_time": "yesterday"}, b"{}"), ({"ce_id": ""}, b"{}")],
)
def test_what_cannot_be_read_is_a_dead_letter_at_once(
    database: Database, uow: UnitOfWork, stepped: Stepped, headers: dict[str, str], data: bytes
) -> None:
    bad, behind, other = stepped("A1", "A2", "B1")
    processor = Processor(uow, Faulty().table, HASTY)
    broken = replace(bad, headers=bad.headers | headers, data=data)
    processor.process([broken, behind, other])
    processor.process([broken])
    assert effects(database) == [("B", 1)]
    with database.connect() as connection:
        found = [(each.state, each.reason.partition(":")[0]) for each in parked_events(connection, "workshop")]
    assert found == [("dead", "MalformedEvent"), ("waiting", "")]


def test_batches_are_handled_at_once_and_the_bad_one_is_found(database: Database, uow: UnitOfWork) -> None:
    sizes: list[int] = []

    def move(tx: Transaction, events: Sequence[Incoming]) -> None:
        sizes.append(len(events))
        move_workers(tx, events)
        if any(event.message.bench == "broken" for event in events):
            raise ValueError("no such bench")

    listener = Listener(uow, [on_batch("workshop.worker_moved", move)])
    deliver(listener, *(WorkerMoved(f"W{n}", "north") for n in range(5)))
    assert sizes == [5]
    deliver(listener, WorkerMoved("W1", "south"), WorkerMoved("W2", "broken"), WorkerMoved("W3", "south"), park=True)
    assert sizes == [5, 3, 1, 1, 1]
    assert [key for key, _ in effects(database)] == ["W0", "W1", "W2", "W3", "W4", "W1", "W3"]


def test_a_rule_of_the_database_that_speaks_at_commit_is_pinned_on_its_event(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE shelf (id int PRIMARY KEY)"))
        rule = "FOREIGN KEY (step) REFERENCES shelf DEFERRABLE INITIALLY DEFERRED"
        connection.execute(text(f"ALTER TABLE effect ADD {rule}"))
        connection.execute(text("INSERT INTO shelf VALUES (1), (3)"))
    Processor(uow, Faulty().table, PATIENT).process(stepped("A1", "B2", "C3", "B3"))
    assert effects(database) == [("A", 1), ("C", 3)]
    assert states(database) == [("B2", "retrying"), ("B3", "waiting")]


def test_events_recorded_by_a_handler_name_what_caused_them(
    database: Database, uow: UnitOfWork, stepped: Stepped, catalog: EventCatalog
) -> None:
    def answer(tx: Transaction, event: Incoming) -> None:
        tx.record(WorkerMoved(event.key, "north"))

    first, second = stepped("A1", "B1")
    Processor(uow, [on("workshop.order_stepped", answer)]).process([first, second])
    with database.connect() as connection:
        caused = recorded_events(connection, catalog)
    assert [event.causation_id for event in caused] == [first.event_id, second.event_id]
    assert [event.correlation_id for event in caused] == [first.event_id, second.event_id]


@pytest.mark.spec("P3.2")
def test_when_most_keys_fail_the_consumer_stops_and_loses_nothing(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    settings = ConsumerSettings(pauses=(3600.0,), breaker_minimum=4)
    faulty = Faulty(2)
    processor = Processor(uow, faulty.table, settings)
    records = stepped("A1", "B1", "C2", "D2", "E2", "F1")
    with pytest.raises(ConsumerStopped, match="3 of the last 5 keys failed"):
        processor.process(records)
    assert count(database, "effect") == count(database, "parked_event") == count(database, "inbox") == 0
    faulty.broken.clear()
    Processor(uow, faulty.table, settings).process(records)
    assert len(effects(database)) == 6


def test_one_loud_key_does_not_stop_the_consumer(database: Database, uow: UnitOfWork, stepped: Stepped) -> None:
    processor = Processor(uow, Faulty(2).table, ConsumerSettings(pauses=(3600.0,), breaker_minimum=4))
    processor.process(stepped("A1", "B1", "C1", *["D2"] * 50))
    assert len(states(database)) == 50


def test_a_database_that_is_away_is_nobodys_fault(uow: UnitOfWork, clock: FixedClock, stepped: Stepped) -> None:
    nowhere = Database("postgresql://nobody:x@127.0.0.1:1/nothing")
    processor = Processor(UnitOfWork(nowhere, clock, uow.catalog, "workshop"), Faulty().table)
    with pytest.raises(DatabaseAway):
        processor.process(stepped("A1"))
    with pytest.raises(DatabaseAway):
        processor.retry_due()


def test_a_connection_that_dies_inside_a_handler_is_nobodys_fault(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    def suicide(tx: Transaction, event: Incoming) -> None:
        tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    records = stepped("A1")
    with pytest.raises(DatabaseAway):
        Processor(uow, [on("workshop.order_stepped", suicide)]).process(records)
    Processor(uow, Faulty().table).process(records)
    assert effects(database) == [("A", 1)]


def test_deliver_tells_why_a_handler_failed(uow: UnitOfWork) -> None:
    with pytest.raises(NotDelivered, match=NO_TWO):
        deliver(Listener(uow, Faulty(2).table), OrderStepped("A", 2))


def test_deliver_repeats_with_the_same_id(database: Database, uow: UnitOfWork) -> None:
    deliver(Listener(uow, Faulty().table), OrderStepped("A", 1), times=3)
    assert effects(database) == [("A", 1)]


def test_an_event_that_comes_while_its_key_is_being_cleared_is_not_left_behind(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    """Without the lock on the head, the new event would be parked behind a head that is gone a moment later."""
    faulty = Faulty(2)
    Processor(uow, faulty.table, HASTY).process(stepped("A2"))
    inside, go_on = Event(), Event()

    def slow(tx: Transaction, event: Incoming) -> None:
        inside.set()
        assert go_on.wait(10)
        write_effect(tx, event.key, event.message.step)

    clearing = Thread(target=Processor(uow, [on("workshop.order_stepped", slow)]).retry_due)
    clearing.start()
    assert inside.wait(10)
    arriving = Thread(target=Processor(uow, Faulty().table).process, args=(stepped("A3"),))
    arriving.start()
    until_blocked(database)
    go_on.set()
    clearing.join(10)
    arriving.join(10)
    assert effects(database) == [("A", 2), ("A", 3)]
    assert states(database) == []


def test_an_event_that_comes_while_the_one_behind_the_head_becomes_the_head_waits_too(
    database: Database, uow: UnitOfWork, stepped: Stepped
) -> None:
    """What a statement waited for is looked at anew, but not what took its place."""
    Processor(uow, Faulty(2).table, HASTY).process(stepped("A2", "A3"))
    inside, go_on = Event(), Event()

    def slow(tx: Transaction, event: Incoming) -> None:
        if event.message.step == 3:
            raise ValueError(NO_TWO)
        inside.set()
        assert go_on.wait(10)
        write_effect(tx, event.key, event.message.step)

    clearing = Thread(target=Processor(uow, [on("workshop.order_stepped", slow)], HASTY).retry_due)
    clearing.start()
    assert inside.wait(10)
    arriving = Thread(target=Processor(uow, Faulty().table).process, args=(stepped("A4"),))
    arriving.start()
    until_blocked(database)
    go_on.set()
    clearing.join(10)
    arriving.join(10)
    assert effects(database) == [("A", 2)]
    repaired = Processor(uow, Faulty().table)

    def all_cleared() -> bool:
        repaired.retry_due()
        return not states(database)

    wait_for(all_cleared)
    assert effects(database) == [("A", 2), ("A", 3), ("A", 4)]


def test_a_claim_gives_each_id_once(database: Database, stepped: Stepped) -> None:
    ids = [record.event_id for record in stepped("A1", "A2")]
    with database.begin() as connection:
        assert inbox.claim(connection, "workshop", ids) == set(ids)
        assert inbox.claim(connection, "workshop", ids) == set()
        assert inbox.claim(connection, "another", ids) == set(ids)
        inbox.release(connection, "workshop", ids[:1])
        assert inbox.claim(connection, "workshop", ids) == set(ids[:1])
