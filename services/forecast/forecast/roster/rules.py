"""Units are named by the employees in them: the directory sends no list of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REGION_DEPTH = 2


@dataclass(frozen=True)
class EmployeeFacts:
    """What forecast keeps of an employee. `version` grows with each change."""

    employee_id: str
    version: int
    name: str
    unit: str
    unit_name: str
    region_name: str


def newest(employees: Iterable[EmployeeFacts]) -> list[EmployeeFacts]:
    """One per employee, the highest version."""
    found: dict[str, EmployeeFacts] = {}
    for each in employees:
        if each.employee_id not in found or found[each.employee_id].version < each.version:
            found[each.employee_id] = each
    return list(found.values())


def unit_names(employees: Iterable[EmployeeFacts]) -> dict[str, str]:
    """Unit path → name, for the employees' units and the regions above them."""
    names: dict[str, str] = {}
    for each in employees:
        if each.unit and each.unit_name:
            names[each.unit] = each.unit_name
        parts = each.unit.strip("/").split("/")
        if len(parts) > REGION_DEPTH and each.region_name:
            names.setdefault("/" + "/".join(parts[:REGION_DEPTH]) + "/", each.region_name)
    return names
