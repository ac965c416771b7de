"""What services know of a roster."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chassis.kernel.roster import newest, unit_names


@dataclass(frozen=True)
class Facts:
    employee_id: str
    version: int = 1
    unit: str = ""
    unit_name: str = ""
    region_name: str = ""


@pytest.mark.spec("P3.1")
def test_of_each_employee_the_highest_version_stands_whatever_came_first() -> None:
    versions = [Facts("E1", 2), Facts("E2", 1), Facts("E1", 3), Facts("E1", 1)]
    assert sorted(newest(versions), key=lambda each: each.employee_id) == [Facts("E1", 3), Facts("E2", 1)]


def test_units_and_the_regions_above_are_named_by_those_in_them() -> None:
    people = [Facts("E1", unit="/HQ/EAST/HZ1/", unit_name="杭州一队", region_name="华东"), Facts("E2", unit="/HQ/")]
    assert unit_names(people) == {"/HQ/EAST/HZ1/": "杭州一队", "/HQ/EAST/": "华东"}


def test_a_unit_that_has_a_name_of_its_own_keeps_it() -> None:
    people = [
        Facts("E1", unit="/HQ/EAST/", unit_name="华东大区"),
        Facts("E2", unit="/HQ/EAST/HZ1/", unit_name="杭州一队", region_name="华东"),
    ]
    assert unit_names(people)["/HQ/EAST/"] == "华东大区"
