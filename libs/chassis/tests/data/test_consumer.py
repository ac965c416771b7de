"""What the consumer promises, shown through `Processor` on a real database; the broker joins in test_bus.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Event, Thread

import pytest
from sqlalchemy import text

from chassis import inbox
from chassis.clock import FixedClock
from chassis.consumer import ConsumerSettings, ConsumerStopped, Processor, on, on_batch
from chassis.consumer.trouble import DatabaseAway
from chassis.database import Database
from chassis.events import EventCatalog, Incoming
from chassis.testing.events import Listener, NotDelivered, deliver, recorded_events
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.faulty import NO_TWO, PATIENT, Faulty, Stepped, states
from libs.chassis.tests.data.workshop import OrderStepped, WorkerMoved, count, effects, move_workers, step_order


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


def test_a_claim_gives_each_id_once(database: Database, stepped: Stepped) -> None:
    ids = [record.event_id for record in stepped("A1", "A2")]
    with database.begin() as connection:
        assert inbox.claim(connection, "workshop", ids) == set(ids)
        assert inbox.claim(connection, "workshop", ids) == set()
        assert inbox.claim(connection, "another", ids) == set(ids)
        inbox.release(connection, "workshop", ids[:1])
        assert inbox.claim(connection, "workshop", ids) == set(ids[:1])
