"""What forecast keeps of the roster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EmployeeFacts:
    """What forecast keeps of an employee. `version` grows with each change."""

    employee_id: str
    version: int
    name: str
    unit: str
    unit_name: str
    region_name: str
