"""CheckStatus from memory: never a status that the database no longer had when the call began."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database
from chassis.errors import CloseloopError
from chassis.testing.identity import as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1 import directory_service_pb2_grpc as pb_grpc
from integration.directory import store
from integration.directory.lease_store import hold_together
from integration.directory.memory import LEASE, DirectoryMemory
from services.integration.tests.conftest import World
from services.integration.tests.remembering import Firewall, remembering, status, until
from services.integration.tests.world import employee

CHANGE = text("UPDATE employee SET status = :status WHERE employee_id = 'E00001'")
KILL = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%directory_revision%'
""")


def change(world: World, to: str) -> float:
    """The seconds it took. Straight in the table: whoever writes, memory holds."""
    began = time.monotonic()
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(CHANGE, {"status": to})
        tx.commit()
    return time.monotonic() - began


def utc(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def url(world: World) -> str:
    return world.service.runtime.database.url


@pytest.mark.spec("N3.1")
def test_memory_says_what_the_database_says(staffed: World) -> None:
    staffed.clock.advance(timedelta(minutes=5))
    staffed.hire(
        employee("E00001", status="SABBATICAL"), employee("E00002", status="FROZEN"), as_of="2026-03-10T02:05Z"
    )
    everybody = ["E00001", "E00002", "E00100", "E00700", "E00800"]
    with remembering(url(staffed)) as memory:
        until(lambda: memory.states(everybody) is not None)
        with staffed.service.uow.read(as_service("integration")) as tx:
            assert memory.states(everybody) == store.statuses(tx, everybody)
        assert memory.states(["E00001"]) == {"E00001": ("active", utc("2026-03-10T02:00"))}
        assert memory.states(["E00002", "E99999"]) is None


@pytest.mark.spec("N3.1")
def test_calls_are_answered_although_the_employees_can_t_be_read(staffed: World, rpc: Rpc) -> None:
    """By the process as it is wired: the loop beside the RPC server, and a table that somebody has locked."""
    [loop], stop = staffed.service.beside_rpc, Event()
    memory: DirectoryMemory = loop.run.__self__  # type: ignore[attr-defined]
    directory = pb_grpc.DirectoryServiceStub(rpc(staffed.service, as_=as_service("leads"), deadline=0.5))
    asked = pb.CheckStatusRequest(employee_ids=["E00700", "E00001"])
    before, answers = directory.CheckStatus(asked), list[pb.CheckStatusResponse]()

    def answered_often() -> bool:
        with suppress(CloseloopError):  # a lease that ended on a busy machine: only the database could answer
            answers.append(directory.CheckStatus(asked))
        return len(answers) >= 20

    running = Thread(target=loop.run, args=(stop,))
    running.start()
    try:
        until(lambda: status(memory) is not None)
        with staffed.service.runtime.database.begin() as locking:
            locking.execute(text("LOCK TABLE employee IN ACCESS EXCLUSIVE MODE"))
            until(answered_often)
    finally:
        stop.set()
        running.join()
    assert all(each == before for each in answers)
    assert [each.employee_id for each in before.states] == ["E00700", "E00001"]


@pytest.mark.spec("N3.1", "LD4.1", "LD4.3")
def test_no_call_that_begins_after_a_change_hears_the_status_before_it(staffed: World) -> None:
    """Two replicas, asked without a pause by two callers each, while somebody's status goes to and fro."""
    stop, heard = Event(), list[tuple[float, str]]()

    def ask(memory: DirectoryMemory) -> None:
        while not stop.is_set():
            began = time.monotonic()
            answer = status(memory)
            if answer is not None:
                heard.append((began, answer))

    with remembering(url(staffed)) as one, remembering(url(staffed)) as other, ThreadPoolExecutor(4) as callers:
        done = [callers.submit(ask, each) for each in (one, other, one, other)]
        since = [(time.monotonic(), "active")]
        try:
            for to in ("departed", "active", "frozen"):
                until(lambda: {status(one), status(other)} == {since[-1][1]})
                change(staffed, to)
                since.append((time.monotonic(), to))
            until(lambda: {status(one), status(other)} == {"frozen"})
        finally:
            stop.set()
        assert all(each.exception() is None for each in done)
    spans = zip(since, [*since[1:], (float("inf"), "")], strict=True)
    for (begins, holds), (ends, following) in spans:
        within = {answer for began, answer in heard if begins <= began < ends}
        assert holds in within
        assert within <= {holds, following}, f"after {holds} was committed: {within}"


@pytest.mark.spec("N3.1")
def test_a_change_waits_until_every_lease_has_ended(staffed: World) -> None:
    assert change(staffed, "departed") >= LEASE + 0.05


@pytest.mark.spec("N3.1")
def test_a_lease_ends_by_the_clock_and_is_not_renewed_while_a_change_is_under_way(staffed: World) -> None:
    now = [100.0]
    memory, database = DirectoryMemory(url(staffed), clock=lambda: now[0]), staffed.service.runtime.database
    assert status(memory) is None
    memory.renew(database)
    now[0] += LEASE - 0.001
    assert status(memory) == "active"
    with database.connect() as changing:
        changing.execute(CHANGE, {"status": "departed"})
        changing.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        memory.renew(database)
        now[0] += 0.001
        assert status(memory) is None
        changing.commit()
    memory.renew(database)
    assert status(memory) == "departed"


@pytest.mark.spec("N3.1", "LD4.3")
def test_a_lease_counts_from_before_the_look_however_long_it_takes(staffed: World) -> None:
    """A change may be committed while what was read is on its way."""
    now, database = [100.0], staffed.service.runtime.database

    class Slow(Database):
        @contextmanager
        def begin(self) -> Iterator[Connection]:
            with super().begin() as connection:
                yield connection
            now[0] += LEASE

    slow, memory = Slow(database.url, pool_size=1), DirectoryMemory(url(staffed), clock=lambda: now[0])
    memory.renew(slow)
    slow.close()
    assert status(memory) is None


@pytest.mark.spec("N3.1")
def test_a_replica_that_stands_still_while_it_looks_holds_a_change_up_for_seconds_only(staffed: World) -> None:
    with staffed.service.runtime.database.connect() as still:
        assert hold_together(still)
        assert change(staffed, "departed") < 9
        with pytest.raises(DBAPIError):
            hold_together(still)


@pytest.mark.spec("N3.1")
def test_what_was_rolled_back_is_not_remembered(staffed: World) -> None:
    memory, database = DirectoryMemory(url(staffed)), staffed.service.runtime.database
    with staffed.service.uow.begin(as_service("integration")) as tx:
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.execute(CHANGE, {"status": "departed"})
            tx.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            raise ZeroDivisionError
        # The lock went with the savepoint.
        memory.renew(database)
        assert status(memory) == "active"
        tx.execute(CHANGE, {"status": "frozen"})
        tx.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        memory.renew(database)
    memory.renew(database)
    assert status(memory) == "active"


@pytest.mark.spec("N3.1")
def test_a_newcomer_is_known_at_once_and_nobody_waits_for_it(staffed: World, rpc: Rpc) -> None:
    with remembering(url(staffed)) as memory:
        until(lambda: status(memory) is not None)
        began = time.monotonic()
        with staffed.service.uow.begin(as_service("integration")) as tx:
            tx.execute(
                text("INSERT INTO employee (employee_id, version, name, status) VALUES ('E9', 1, '新', 'active')")
            )
            tx.commit()
        assert time.monotonic() - began < LEASE
        until(lambda: status(memory, "E9") == "active")


@pytest.mark.spec("N3.1")
def test_a_younger_age_comes_by_itself_and_an_older_one_is_waited_for(staffed: World) -> None:
    memory, database = DirectoryMemory(url(staffed)), staffed.service.runtime.database
    memory.renew(database)
    for to, waits in (("2026-03-10T02:05", False), ("2026-03-10T01:00", True)):
        began = time.monotonic()
        with staffed.service.uow.begin(as_service("integration")) as tx:
            store.renew_as_of(tx, utc(to))
            tx.commit()
        assert (time.monotonic() - began >= LEASE) == waits
        memory.renew(database)
        assert memory.states(["E00001"]) == {"E00001": ("active", utc(to))}


@pytest.mark.spec("N3.1")
def test_sessions_that_are_ended_cost_a_look_at_the_database_and_no_truth(staffed: World) -> None:
    with remembering(url(staffed)) as memory:
        for to in ("departed", "active"):
            until(lambda: status(memory) is not None)
            with staffed.service.runtime.database.begin() as killing:
                killing.execute(KILL)
            change(staffed, to)
            assert status(memory) in (None, to)
            until(lambda to=to: status(memory) == to)  # type: ignore[misc]


@pytest.mark.spec("N3.1", "LD4.3")
def test_a_connection_that_nothing_comes_through_makes_memory_silent_and_not_stale(staffed: World) -> None:
    with ExitStack() as stack:
        firewall = Firewall(staffed.service.runtime.database.engine.url.port or 0)
        direct = f":{staffed.service.runtime.database.engine.url.port}/"
        memory = stack.enter_context(remembering(url(staffed).replace(direct, f":{firewall.port}/")))
        stack.callback(firewall.close)
        until(lambda: status(memory) == "active")
        firewall.swallow()
        change(staffed, "departed")
        # It had no way to hear of it, and does not say "active" any more.
        assert [status(memory) for _ in range(1000)] == [None] * 1000
