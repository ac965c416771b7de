"""Employees, units and grants as contract messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import directory_service_pb2 as pb
from integration.grants.get_access import Access
from integration.mapping.common import day, instant

STATUS = {
    "active": pb.EMPLOYEE_STATUS_ACTIVE,
    "on_leave": pb.EMPLOYEE_STATUS_ON_LEAVE,
    "frozen": pb.EMPLOYEE_STATUS_FROZEN,
    "disabled": pb.EMPLOYEE_STATUS_DISABLED,
    "departed": pb.EMPLOYEE_STATUS_DEPARTED,
}
STATUS_IN = {number: name for name, number in STATUS.items()}


def states(asked: Sequence[str], known: Mapping[str, tuple[str, datetime | None]]) -> pb.CheckStatusResponse:
    """In the order asked for; who is not known has no status and no age."""
    return pb.CheckStatusResponse(states=[_state(each, *known.get(each, _NOBODY)) for each in asked])


_NOBODY = ("", None)


@lru_cache(maxsize=16_384)
def _state(employee_id: str, status: str, as_of: datetime | None) -> pb.EmployeeState:
    """Ready to be copied, since making one takes ten times as long: the same reps are asked about again and again."""
    return pb.EmployeeState(
        employee_id=employee_id, status=STATUS.get(status, pb.EMPLOYEE_STATUS_UNSPECIFIED), as_of=instant(as_of)
    )


def access(found: Access) -> pb.GetAccessResponse:
    return pb.GetAccessResponse(
        employee_id=found.employee_id,
        name=found.name,
        status=STATUS[found.status],
        duties=found.duties,
        level=found.level,
        unit=found.unit,
        position=found.position,
    )


def employee(row: Row[Any]) -> pb.Employee:
    return pb.Employee(
        employee_id=row.employee_id,
        name=row.name,
        status=STATUS[row.status],
        as_of=instant(row.as_of),
        unit=row.unit,
        unit_name=row.unit_name,
        manager_id=row.manager_id,
        position=row.position,
        hired_on=day(row.hired_on),
        left_on=day(row.left_on),
        email=row.email,
    )


def unit(row: Row[Any]) -> pb.Unit:
    return pb.Unit(path=row.path, name=row.name, manager_id=row.manager_id, employees=row.employees)


def grant(row: Row[Any]) -> pb.Grant:
    return pb.Grant(
        grant_id=row.id,
        employee_id=row.employee_id,
        duty=row.duty,
        granted_by=row.granted_by,
        reason=row.reason,
        granted_at=instant(row.granted_at),
        until=instant(row.until),
        revoked_at=instant(row.revoked_at),
    )
