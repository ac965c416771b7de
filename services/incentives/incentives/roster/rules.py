"""Employees and customers with all their versions: an order is judged by what held when it was signed (I1.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar


@dataclass(frozen=True)
class Employee:
    employee_id: str
    version: int
    changed_at: datetime
    name: str
    unit: str
    manager_id: str
    position: str
    hired_on: date | None


@dataclass(frozen=True)
class Customer:
    customer_id: str
    version: int
    changed_at: datetime
    customer_code: str
    name: str
    customer_class: str
    grade: str
    industry: str


class Versioned(Protocol):
    @property
    def version(self) -> int: ...
    @property
    def changed_at(self) -> datetime: ...


V = TypeVar("V", bound=Versioned)


def version_at(versions: Sequence[V], at: datetime) -> V | None:
    """The version that held at `at`; before the first one was told, the first. None when nothing was told."""
    ordered = sorted(versions, key=lambda each: each.version)
    holding = [each for each in ordered if each.changed_at <= at]
    return holding[-1] if holding else ordered[0] if ordered else None


def by_number(customers: Mapping[str, Sequence[Customer]]) -> Mapping[str, Mapping[str, Sequence[Customer]]]:
    """Number in the ERP → customers that ever bore it, with all their versions."""
    found: dict[str, dict[str, Sequence[Customer]]] = {}
    for key, versions in customers.items():
        for code in {each.customer_code for each in versions} - {""}:
            found.setdefault(code, {})[key] = versions
    return found


def bearer_at(bearers: Mapping[str, Sequence[Customer]], code: str, at: datetime) -> str | None:
    """Who bore this number of the ERP at `at`; before anybody was told of with it, the first. A merge may give the
    number on (LD1.4), a correction too: orders signed before stay with whoever bore it then.
    """
    held = [version_at(versions, at) for versions in bearers.values()]
    bearing = [each for each in held if each is not None and each.customer_code == code and each.changed_at <= at]
    if bearing:
        return max(bearing, key=lambda each: (each.changed_at, each.customer_id)).customer_id
    ever = [each for versions in bearers.values() for each in versions if each.customer_code == code]
    first = min(ever, key=lambda each: (each.changed_at, each.version, each.customer_id), default=None)
    return first.customer_id if first else None


def newest(versions: Sequence[V]) -> V | None:
    return max(versions, key=lambda each: each.version, default=None)


@dataclass(frozen=True)
class Leaders:
    """Empty when nobody is known. `unknown`: named, but not told yet."""

    manager_id: str
    director_id: str
    unknown: list[str]


def leaders(employees: Mapping[str, Sequence[Employee]], rep: Employee | None, at: datetime) -> Leaders:
    """Manager and director as they were at signing, for rules that share with them."""
    named = rep.manager_id if rep else ""
    manager = version_at(employees.get(named, ()), at) if named else None
    above = manager.manager_id if manager else ""
    director = version_at(employees.get(above, ()), at) if above else None
    unknown = [each for each, found in ((named, manager), (above, director)) if each and found is None]
    return Leaders(named if manager else "", above if director else "", unknown)
