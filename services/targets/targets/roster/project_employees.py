"""Keep the roster as the directory last told it."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel.roster import newest, unit_names
from chassis.unit_of_work import Transaction
from targets.roster import store
from targets.roster.rules import EmployeeFacts


def project_employees(tx: Transaction, employees: Sequence[EmployeeFacts]) -> None:
    """Set-based: one per employee, the newest version."""
    latest = newest(employees)
    store.upsert_employees(
        tx,
        [
            {
                "employee_id": each.employee_id,
                "version": each.version,
                "name": each.name,
                "status": each.status,
                "unit": each.unit,
                "manager_id": each.manager_id,
            }
            for each in latest
        ],
    )
    names = unit_names(latest)
    if names:
        store.upsert_units(tx, names)
