from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from chassis import idempotency
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.testing.locks import until_blocked
from chassis.unit_of_work import Transaction, UnitOfWork
from libs.chassis.tests.data.workshop import ME, count, effects, write_effect

HASH, OTHER_HASH = b"h" * 32, b"o" * 32


def change(tx: Transaction, answer: bytes, caller: str = "E1", request_hash: bytes = HASH) -> bytes:
    stored = idempotency.claim(tx, caller, "Step", "R1", request_hash)
    if stored is not None:
        return stored
    write_effect(tx, "O1", 1)
    idempotency.remember(tx, caller, "Step", "R1", answer)
    tx.commit()
    return answer


@pytest.mark.spec("P1.1")
def test_a_repeated_request_gets_the_first_answer_and_no_second_effect(database: Database, uow: UnitOfWork) -> None:
    for answer in (b"first", b"second"):
        with uow.begin(ME) as tx:
            assert change(tx, answer) == b"first"
    assert effects(database) == [("O1", 1)]


def test_an_empty_answer_is_an_answer(database: Database, uow: UnitOfWork) -> None:
    for _ in range(2):
        with uow.begin(ME) as tx:
            assert change(tx, b"") == b""
    assert effects(database) == [("O1", 1)]


def test_the_same_id_with_another_body_is_refused(uow: UnitOfWork) -> None:
    with uow.begin(ME) as tx:
        change(tx, b"first")
    with uow.begin(ME) as tx, pytest.raises(idempotency.RequestIdReused):
        change(tx, b"second", request_hash=OTHER_HASH)


def test_ids_of_different_callers_do_not_meet(database: Database, uow: UnitOfWork) -> None:
    for caller in ("E1", "E2"):
        with uow.begin(ME) as tx:
            assert change(tx, caller.encode(), caller) == caller.encode()
    assert len(effects(database)) == 2


def test_a_refusal_is_not_stored(database: Database, uow: UnitOfWork) -> None:
    with uow.begin(ME) as tx:
        idempotency.claim(tx, "E1", "Step", "R1", HASH)  # and no commit, as when the use case refuses
    with uow.begin(ME) as tx:
        assert change(tx, b"second try") == b"second try"
    assert effects(database) == [("O1", 1)]


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize("first_commits", [True, False])
def test_a_twin_waits_for_the_first(database: Database, uow: UnitOfWork, first_commits: bool) -> None:
    started, finish = Event(), Event()

    def first() -> None:
        with uow.begin(ME) as tx:
            assert idempotency.claim(tx, "E1", "Step", "R1", HASH) is None
            started.set()
            assert finish.wait(10)
            if first_commits:
                write_effect(tx, "O1", 1)
                idempotency.remember(tx, "E1", "Step", "R1", b"first")
                tx.commit()

    def second() -> bytes:
        with uow.begin(ME) as tx:
            return change(tx, b"second")

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first)
        assert started.wait(10)
        two = threads.submit(second)
        until_blocked(database)
        finish.set()
        one.result(10)
        assert two.result(10) == (b"first" if first_commits else b"second")
    assert effects(database) == [("O1", 1)]


def test_a_twin_that_may_not_wait_longer_is_told_to_come_back(
    database: Database, clock: FixedClock, catalog: EventCatalog, uow: UnitOfWork
) -> None:
    hasty = Database(database.url, lock_seconds=0.05)
    with uow.begin(ME) as tx:
        idempotency.claim(tx, "E1", "Step", "R1", HASH)
        other = UnitOfWork(hasty, clock, catalog, service="workshop")
        with other.begin(ME) as twin, pytest.raises(idempotency.TwinStillRunning):
            change(twin, b"second")
    hasty.close()
    assert count(database, "effect") == 0
