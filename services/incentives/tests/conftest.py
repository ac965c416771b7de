from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.service import Runtime, Service
from chassis.testing.events import deliver
from chassis.testing.identity import Keys
from chassis.testing.rpc import Rpc
from incentives.bootstrap import CATALOG, SPECS, wire
from incentives.evaluation.evaluator import Evaluator
from incentives.settings import IncentivesSettings

from .world import CUSTOMERS, KA, NEWCOMER, PEOPLE, customer, employee, publish


@pytest.fixture
def service(
    service_database: Callable[[str], Database], clock: FixedClock, keys: Keys, tmp_path: Path
) -> Iterator[Service]:
    """Incentives on its own fresh database, without people, customers and rules."""
    settings = IncentivesSettings(mode=Mode.LOCAL, files_url=tmp_path.as_uri())
    runtime = Runtime(
        "incentives",
        settings,
        CATALOG,
        SPECS,
        clock=clock,
        database=service_database("incentives"),
        keyring=keys.of("incentives"),
    )
    yield wire(runtime, settings)
    runtime.close()


@pytest.fixture
def staffed(service: Service) -> Service:
    deliver(service, *(employee(each) for each in PEOPLE), *(customer(each) for each in CUSTOMERS))
    return service


@pytest.fixture
def ruled(rpc: Rpc, staffed: Service) -> Service:
    """With both shipped rules, in force since the first of March."""
    publish(rpc, staffed, KA)
    publish(rpc, staffed, NEWCOMER)
    return staffed


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator(seconds=0.08, memory_mb=512)
    yield made
    made.close()
