"""What every service that keeps a roster knows of it. Units are named by the employees in them: HR sends no list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

REGION_DEPTH = 2


class Versioned(Protocol):
    @property
    def employee_id(self) -> str: ...
    @property
    def version(self) -> int: ...


class Placed(Protocol):
    """`unit` is a path as /HQ/EAST/HZ1/; names may be empty."""

    @property
    def unit(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    @property
    def region_name(self) -> str: ...


E = TypeVar("E", bound=Versioned)


def newest(employees: Iterable[E]) -> list[E]:
    """One per employee, the highest version."""
    found: dict[str, E] = {}
    for each in employees:
        if each.employee_id not in found or found[each.employee_id].version < each.version:
            found[each.employee_id] = each
    return list(found.values())


def unit_names(employees: Iterable[Placed]) -> dict[str, str]:
    """Unit path → name, for the employees' units and the regions above them."""
    names: dict[str, str] = {}
    for each in employees:
        if each.unit and each.unit_name:
            names[each.unit] = each.unit_name
        parts = each.unit.strip("/").split("/")
        if len(parts) > REGION_DEPTH and each.region_name:
            names.setdefault("/" + "/".join(parts[:REGION_DEPTH]) + "/", each.region_name)
    return names
