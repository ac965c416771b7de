"""For whom the caller records: oneself, somebody of the own team, or anybody for a telephone system."""

from __future__ import annotations

from dataclasses import dataclass

from activity.roster import store
from activity.roster.rules import EmployeeNotFound, RepNotNamed
from chassis.errors import Violation
from chassis.unit_of_work import Transaction


@dataclass(frozen=True)
class Actor:
    employee_id: str
    unit: str


def act_for(tx: Transaction, employee_id: str = "") -> Actor:
    """Raises EmployeeNotFound for somebody unknown or out of the caller's sight, RepNotNamed."""
    caller = tx.identity
    if caller.kind == "person" and employee_id in ("", caller.subject):
        return Actor(caller.subject, caller.unit)
    if not employee_id:
        raise RepNotNamed.of(Violation("rep_id", RepNotNamed.en, RepNotNamed.zh, "REQUIRED"))
    found = store.find_employee(tx, employee_id)
    if found is None or not (caller.kind == "partner" or caller.may_see(found.employee_id, found.unit)):
        raise EmployeeNotFound(employee_id=employee_id)
    return Actor(found.employee_id, found.unit)
