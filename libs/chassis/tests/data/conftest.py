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
from chassis.events import EventCatalog
from chassis.local import LocalBroker
from chassis.unit_of_work import UnitOfWork

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
