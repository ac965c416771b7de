"""Apache Kafka for tests that only it can stand: its data outlive its process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.local import LocalBroker, LocalKafka
from tests.faults.conftest import depot_contract, open_depot
from tests.faults.depot import HERE, Depot

__all__ = ["depot_contract", "open_depot"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CLOSELOOP_BROKER") == "kafka":
        return
    for each in items:
        if Path(__file__).parent in each.path.parents:
            each.add_marker(pytest.mark.skip(reason="needs Apache Kafka: make test-kafka"))


@pytest.fixture
def kafka(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalKafka]:
    """Not ephemeral: killed and started again it finds its folder."""
    with LocalKafka(server_folder / f"kafka-{id(request)}") as server:
        yield server


@pytest.fixture
def depot(
    open_depot: Callable[[Database, LocalBroker], Depot],
    service_database: Callable[..., Database],
    kafka: LocalKafka,
) -> Depot:
    return open_depot(service_database("depot", HERE / "migrations"), kafka)
