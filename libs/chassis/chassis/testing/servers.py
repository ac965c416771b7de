"""Fixtures that start the real servers, once per run and only when a test asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.local import LocalBroker, LocalPostgres, LocalRedis, local_broker, temporary_folder
from chassis.testing.databases import TestDatabases


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Reachable by `nobody`, unlike pytest's own folder, and gone even when the run is killed."""
    with temporary_folder("closeloop-test-") as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[LocalPostgres]:
    with LocalPostgres(server_folder / "postgres", ephemeral=True, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def redis(server_folder: Path) -> Iterator[LocalRedis]:
    with LocalRedis(server_folder / "redis", ephemeral=True) as server:
        yield server


@pytest.fixture(scope="session")
def broker(server_folder: Path) -> Iterator[LocalBroker]:
    with local_broker(server_folder / "broker", ephemeral=True) as server:
        yield server


@pytest.fixture(scope="session")
def test_databases(postgres: LocalPostgres, request: pytest.FixtureRequest) -> TestDatabases:
    return TestDatabases(postgres, request.config.rootpath / "services")


@pytest.fixture
def service_database(test_databases: TestDatabases) -> Iterator[Callable[..., Database]]:
    """`service_database("leads")` gives a fresh, migrated database of that service's own role."""
    made: list[Database] = []

    def make(service: str, migrations: Path | None = None) -> Database:
        made.append(test_databases.fresh(service, migrations))
        return made[-1]

    yield make
    for database in made:
        test_databases.drop(database)
