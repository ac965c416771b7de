"""Who somebody is and may do, for a session (N3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from integration.directory.read_employees import get_employee
from integration.duties import store
from integration.duties.policy import DutiesPolicy
from integration.duties.rules import duties_of, level_of


@dataclass(frozen=True)
class Access:
    employee_id: str
    name: str
    status: str
    duties: tuple[str, ...]
    level: str
    unit: str
    position: str


def get_access(tx: Transaction, employee_id: str, policy: DutiesPolicy) -> Access:
    """Raises EmployeeNotFound. Who may not work has a status that says so and no duty at all."""
    row = get_employee(tx, employee_id)
    granted = store.held_by(tx, [employee_id]).get(employee_id, set())
    duties = duties_of(row.status, row.position, granted, policy)
    return Access(employee_id, row.name, row.status, duties, level_of(duties, policy), row.unit, row.position)
