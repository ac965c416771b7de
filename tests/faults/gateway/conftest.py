from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.local import LocalBroker, LocalRedis
from chassis.testing.databases import TestDatabases
from chassis.testing.identity import Keys
from tests.access.company import company
from tests.faults.gateway.front import Front, front
from tests.faults.gateway.system import System


@pytest.fixture(scope="package")
def broker(server_folder: Path) -> Iterator[LocalBroker]:
    with LocalBroker(server_folder / "gateway-broker", ephemeral=True) as server:
        yield server


@pytest.fixture(scope="module", name="front")
def _front(
    test_databases: TestDatabases,
    keys: Keys,
    broker: LocalBroker,
    redis: LocalRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("files")
    with company(test_databases, keys, folder) as made, front(made, keys, broker, redis, folder) as opened:
        yield opened


@pytest.fixture(scope="package")
def system(
    test_databases: TestDatabases,
    keys: Keys,
    broker: LocalBroker,
    redis: LocalRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """Two gateways before integration and targets. A test that kills one starts it again."""
    databases = {name: test_databases.fresh(name) for name in ("integration", "targets")}
    made = System(tmp_path_factory.mktemp("system"), keys, databases, broker, redis.url)
    try:
        for name in databases:
            made.start_service(name)
        made.start_gateway()
        made.start_gateway()
        made.wait_until_ready()
        yield made
    finally:
        made.end()
        for database in databases.values():
            test_databases.drop(database)
