"""A depot on a real database and on an empty broker of its own, and processes that are gone when the test is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.clock import MovableClock
from chassis.database import Database
from chassis.local import LocalBroker, local_broker
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.contracts import Contract, compile_contract
from chassis.testing.identity import Keys
from tests.faults.depot import HERE, Depot, depot_environment


@pytest.fixture(scope="session")
def depot_contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return compile_contract(HERE / "depot.proto", tmp_path_factory.mktemp("depot"))


@pytest.fixture
def broker(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalBroker]:
    """For one test alone: it is paused, killed, and holds nothing of others."""
    with local_broker(server_folder / f"broker-{id(request)}", ephemeral=True) as server:
        yield server


@pytest.fixture
def open_depot(
    depot_contract: Contract, keys: Keys, tmp_path: Path
) -> Iterator[Callable[[Database, LocalBroker], Depot]]:
    """`open_depot(database, broker)`: on a migrated database; its processes end with the test."""
    made: list[Depot] = []

    def make(database: Database, broker: LocalBroker) -> Depot:
        clock = MovableClock(tmp_path / "clock.json", mode="local")
        clock.move_to(TUESDAY_AT_TEN)
        env = depot_environment(depot_contract, keys, database, broker)
        env["CLOSELOOP_CLOCK_FILE"] = str(tmp_path / "clock.json")
        made.append(Depot(database, depot_contract, keys, clock, tmp_path, env))
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def depot(
    open_depot: Callable[[Database, LocalBroker], Depot], service_database: Callable[..., Database], broker: LocalBroker
) -> Depot:
    return open_depot(service_database("depot", HERE / "migrations"), broker)
