"""What becomes of an event that fails, and of those behind it: retried, parked, replayed or skipped by key."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

import pytest
from sqlalchemy import text

from chassis.consumer import Processor, on, parked_events, replay_parked, skip_parked
from chassis.database import Database
from chassis.errors import NotFound, Unavailable
from chassis.events import Incoming
from chassis.testing.locks import until_blocked
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.faulty import HASTY, NO_TWO, PATIENT, Faulty, Stepped, drain_retries, states
from libs.chassis.tests.data.loops import wait_for
from libs.chassis.tests.data.workshop import ORDERS, count, effects, write_effect


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
