from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from grpc_tools import protoc
from sqlalchemy import text

from chassis.bus import Bus, BusSettings
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.events import Cause, EventCatalog, Record
from chassis.local import LocalBroker
from chassis.outbox import outbox_row
from chassis.testing.events import as_record
from chassis.unit_of_work import UnitOfWork
from libs.chassis.tests.data.faulty import Stepped
from libs.chassis.tests.data.workshop import OrderStepped

HERE = Path(__file__).parent
PROTO = HERE.parents[3] / "proto"


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """workshop_pb2, generated from workshop.proto beside this file."""
    out = tmp_path_factory.mktemp("contracts")
    library = str(Path(protoc.__file__).parent / "_proto")
    options = ["protoc", f"-I{HERE}", f"-I{PROTO}", f"-I{library}", f"--python_out={out}", "workshop.proto"]
    assert protoc.main(options) == 0
    spec = importlib.util.spec_from_file_location("workshop_pb2", out / "workshop_pb2.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["workshop_pb2"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def catalog(contracts: ModuleType) -> EventCatalog:
    return EventCatalog.of(contracts)


@pytest.fixture
def database(service_database: Callable[..., Database]) -> Database:
    """With a table that handlers write to, without any constraint that could hide a double effect."""
    made = service_database("workshop")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE effect (seq bigserial, key text, step int)"))
    return made


@pytest.fixture
def uow(database: Database, clock: FixedClock, catalog: EventCatalog) -> UnitOfWork:
    return UnitOfWork(database, clock, catalog, service="workshop")


@pytest.fixture
def bus(broker: LocalBroker) -> Bus:
    return Bus(BusSettings(bootstrap=broker.bootstrap, profile=broker.profile))


@pytest.fixture
def stepped(uow: UnitOfWork) -> Stepped:
    """`stepped("A1", "B1", "A2")`: records of orders and steps in that order."""

    def make(*names: str) -> list[Record]:
        events = [OrderStepped(name[0], int(name[1:])) for name in names]
        return [
            as_record(outbox_row(uow.catalog, each, service="test", at=uow.clock.now(), cause=Cause("", "")), place)
            for place, each in enumerate(events)
        ]

    return make
