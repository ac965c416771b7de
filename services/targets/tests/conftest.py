from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.service import Runtime, Service
from chassis.testing.events import deliver
from chassis.testing.identity import Keys
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from targets.bootstrap import CATALOG, wire
from targets.settings import TargetsSettings

PEOPLE = {
    "E1": ("李娜", "/HQ/EAST/HZ1/", "杭州一部"),
    "E2": ("张伟", "/HQ/EAST/HZ2/", "杭州二部"),
    "E3": ("王芳", "/HQ/NORTH/BJ1/", "北京一部"),
    "E900": ("陈总", "/HQ/", "总部"),
}
REGIONS = {"EAST": "华东大区", "NORTH": "华北大区"}


def hired(employee_id: str, *, version: int = 1, unit: str = "") -> EmployeeChanged:
    name, home, unit_name = PEOPLE[employee_id]
    region = REGIONS.get((unit or home).strip("/").split("/")[1] if (unit or home).count("/") > 2 else "", "")
    return EmployeeChanged(
        employee_id=employee_id,
        version=version,
        name=name,
        status="active",
        unit=unit or home,
        unit_name=unit_name,
        region_name=region,
    )


@pytest.fixture
def service(service_database: Callable[[str], Database], clock: FixedClock, keys: Keys) -> Iterator[Service]:
    """Targets on its own fresh database, without people."""
    runtime = Runtime(
        "targets",
        TargetsSettings(mode=Mode.LOCAL),
        CATALOG,
        clock=clock,
        database=service_database("targets"),
        keyring=keys.of("targets"),
    )
    yield wire(runtime)
    runtime.close()


@pytest.fixture
def staffed(service: Service) -> Service:
    deliver(service, *(hired(each) for each in PEOPLE))
    return service


@pytest.fixture
def employee() -> Callable[[str], EmployeeChanged]:
    return hired
