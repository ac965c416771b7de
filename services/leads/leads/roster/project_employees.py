"""Follow the employees as integration tells them."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.unit_of_work import Transaction
from leads.roster import store
from leads.roster.store import Employee


def project_employees(tx: Transaction, employees: Iterable[Employee]) -> None:
    """Of several versions of one employee in a batch the newest counts."""
    newest: dict[str, Employee] = {}
    for each in employees:
        known = newest.get(each.employee_id)
        if known is None or known.version < each.version:
            newest[each.employee_id] = each
    # One order of locks for all who write the roster.
    store.project(tx, [newest[key] for key in sorted(newest)])
