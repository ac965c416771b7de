"""Three replicas of one service on one database: clocks, policies, and a restart that nobody notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Any

import pytest

from chassis import policy_versions
from chassis.clock import MovableClock
from chassis.errors import CloseloopError
from tests.faults.depot import ME, Depot
from tests.faults.depot_policy import DEPOT_POLICY
from tests.faults.programs import Program, wait_for
from tests.faults.scale import scaled

CLOCKS = scaled(1_000, 100)
CALLERS = scaled(8, 3)
LOAD = scaled(20_000, 300)


@dataclass
class Load:
    """Callers in a closed loop over all replicas until the load is stopped."""

    call: Callable[[Any, int], Any]
    done: int = 0
    failures: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def running(self, depot: Depot, *programs: Program) -> Iterator[None]:
        stop = Event()
        callers = [Thread(target=self._call_on, args=(depot, programs, stop)) for _ in range(CALLERS)]
        for each in callers:
            each.start()
        try:
            yield
        finally:
            stop.set()
            for each in callers:
                each.join(30)

    def _call_on(self, depot: Depot, programs: tuple[Program, ...], stop: Event) -> None:
        with depot.channel(*programs) as channel:
            stub = depot.stub(channel)
            while not stop.is_set():
                with self._lock:
                    self.done += 1
                    number = self.done
                try:
                    self.call(stub, number)
                except CloseloopError as failure:
                    self.failures.append(f"{failure.code}: {failure}")

    def more(self, calls: int) -> None:
        """Wait until that many more are done."""
        goal = self.done + calls
        wait_for(lambda: self.done >= goal, what=f"{calls} more calls")


@pytest.fixture
def replicas(depot: Depot) -> list[Program]:
    started = [depot.program("all").start() for _ in range(3)]
    return [each.wait_until_ready() for each in started]


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1")
def test_clocks_and_policies_on_three_replicas(depot: Depot, replicas: list[Program]) -> None:
    clocks_that_are_due_at_once_fire_once_each(depot, replicas)
    a_policy_published_under_load_holds_everywhere_soon(depot, replicas)


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.3")
def test_a_rolling_restart_fails_no_request(depot: Depot, replicas: list[Program]) -> None:
    a_rolling_restart_under_load_fails_no_request(depot, replicas)


def clocks_that_are_due_at_once_fire_once_each(depot: Depot, replicas: list[Program]) -> None:
    assert isinstance(depot.clock, MovableClock)
    due = depot.clock.now() + timedelta(hours=1)
    with depot.uow.begin(ME) as tx:
        for number in range(CLOCKS):
            tx.deadlines.start("crate.look_at", f"crate-{number}", due)
        tx.commit()
    depot.clock.move_to(due + timedelta(seconds=1))
    wait_for(lambda: depot.count("rung") >= CLOCKS, what=f"{CLOCKS} clocks")
    wait_for(lambda: all(each.is_settled() for each in replicas), what="rest")
    with depot.database.connect() as connection:
        rung = connection.exec_driver_sql("SELECT count(*), count(DISTINCT subject_id) FROM rung").one()
    assert tuple(rung) == (CLOCKS, CLOCKS)
    by_replica = depot.processes_in("rung")
    assert by_replica.keys() <= {each.pid for each in replicas}
    print(f"\n{CLOCKS} clocks due at once on 3 replicas: each fired once, {sorted(by_replica.values())} by replica")


def a_policy_published_under_load_holds_everywhere_soon(depot: Depot, replicas: list[Program]) -> None:
    """Each replica is asked all the time; what counts is the last answer by the old version, by when it was asked."""
    asked_old: list[float] = []

    def ask(stub: Any, _number: int) -> None:
        asked = time.monotonic()
        if stub.GetDepot(depot.contract.pb2.GetDepotRequest()).policy_version == 0:
            asked_old.append(asked)

    load = Load(ask)
    with load.running(depot, *replicas):
        load.more(CALLERS * 20)
        assert asked_old
        published = publish(depot)
        for each in replicas:
            wait_for(lambda replica=each: version_of(depot, replica) == 1, 10)
        load.more(CALLERS * 20)
    latest = max(0.0, max(asked_old) - published)
    assert not load.failures
    assert latest < 3
    print(f"a policy published under load: the last old answer was asked for {latest:.2f} s later ({load.done} calls)")


def publish(depot: Depot) -> float:
    with depot.uow.begin(ME) as tx:
        drafted = policy_versions.draft(tx, DEPOT_POLICY, {"shelves": 2}, "more room")
        policy_versions.publish(tx, DEPOT_POLICY, drafted.version)
        tx.commit()
    return time.monotonic()


def version_of(depot: Depot, replica: Program) -> int:
    with depot.channel(replica) as channel:
        return int(depot.stub(channel).GetDepot(depot.contract.pb2.GetDepotRequest()).policy_version)


def a_rolling_restart_under_load_fails_no_request(depot: Depot, replicas: list[Program]) -> None:
    def store(stub: Any, number: int) -> None:
        stub.StoreCrate(depot.crate(f"roll-{number}", f"crate-{number % 50}"))

    load = Load(store)
    with load.running(depot, *replicas):
        load.more(LOAD // 4)
        for each in replicas:
            each.terminate()
            load.more(LOAD // 8)
            each.start().wait_until_ready()
            load.more(LOAD // 8)
    assert load.failures == []
    wait_for(lambda: depot.count("effect") == load.done, what="every event's effect")
    with depot.database.connect() as connection:
        stored = connection.exec_driver_sql("SELECT sum(step) FROM crate").scalar_one()
    assert stored == load.done
    print(f"rolling restart of 3 replicas under load: {load.done} requests, 0 failed, {stored} changes and effects")
