"""What audit costs: changes per second of one service with an audit row for each change, over those without.

`python -m bench.audit_cost`: a real process, PostgreSQL that writes to disk, callers in a closed loop. The two kinds
take turns in short slices, each first every other time, so that a machine that is busy with other things slows both
alike. Ends with 1 below the goal.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from statistics import median

from chassis.clock import SystemClock
from chassis.database import Database
from chassis.local import LocalBroker, LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from chassis.rpc.client import Channel
from chassis.testing.contracts import compile_contract
from chassis.testing.identity import Keys
from tests.faults.depot import HERE, Depot, depot_environment

GOAL = 0.8
CALLERS = 8
SLICE = 0.5
ROUNDS = 30


@contextmanager
def open_depot() -> Iterator[Depot]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as postgres,
        LocalBroker(folder / "broker", ephemeral=True) as broker,
    ):
        url = create_service_database(postgres, "depot")
        migrate(url, HERE / "migrations")
        database, own = Database(url), folder / "own"
        own.mkdir()
        contract, keys = compile_contract(HERE / "depot.proto", own), Keys(own)
        depot = Depot(database, contract, keys, SystemClock(), own, depot_environment(contract, keys, database, broker))
        try:
            yield depot
        finally:
            depot.end()
            database.close()


class Callers:
    def __init__(self, depot: Depot) -> None:
        self._depot = depot
        self._numbers = count()
        program = depot.program("all").start().wait_until_ready()
        self._channels = [depot.channel(program) for _ in range(CALLERS)]

    def changes_per_second(self, *, without_audit: bool) -> float:
        started = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as pool:
            done = sum(pool.map(lambda channel: self._call(channel, started + SLICE, without_audit), self._channels))
        return done / (time.monotonic() - started)

    def _call(self, channel: Channel, ends: float, without_audit: bool) -> int:
        stub, done = self._depot.stub(channel), 0
        while time.monotonic() < ends:
            number = next(self._numbers)
            stub.StoreCrate(
                self._depot.crate(f"request-{number}", f"crate-{number % 1000}", without_audit=without_audit)
            )
            done += 1
        return done

    def close(self) -> None:
        for channel in self._channels:
            channel.close()


def main() -> int:
    with open_depot() as depot:
        callers = Callers(depot)
        callers.changes_per_second(without_audit=False)  # warm
        found: dict[bool, list[float]] = {True: [], False: []}
        for number in range(ROUNDS):
            for without_audit in (True, False) if number % 2 else (False, True):
                found[without_audit].append(callers.changes_per_second(without_audit=without_audit))
        callers.close()
    audited, bare = median(found[False]), median(found[True])
    ratio = sum(found[False]) / sum(found[True])
    print(f"changes/s with audit {audited:.0f}, without {bare:.0f}: ratio {ratio:.2f} (goal {GOAL})")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
