"""Employees, units and grants as contract messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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


def states(asked: Sequence[str], known: dict[str, tuple[str, datetime | None]]) -> list[pb.EmployeeState]:
    """In the order asked for; who is not known has no status and no age. Mostly all share one instant."""
    stamps = {as_of: instant(as_of) for _, as_of in known.values()}
    answers = []
    for employee_id in asked:
        status, as_of = known.get(employee_id, ("", None))
        answers.append(
            pb.EmployeeState(
                employee_id=employee_id,
                status=STATUS.get(status, pb.EMPLOYEE_STATUS_UNSPECIFIED),
                as_of=stamps.get(as_of),
            )
        )
    return answers


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
