"""Keep the roster, and give claims that came before their rep was known the rep's unit."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from targets.attainment import store
from targets.roster.project_employees import project_employees
from targets.roster.rules import EmployeeFacts
from targets.roster.store import employee_units


def place_claims(tx: Transaction, employees: Sequence[EmployeeFacts]) -> None:
    """A claim that is just being counted without a unit is waited for, and one that comes later finds the roster.

    Subjects are locked in one order and before any row, so that batches form no circle; those whom the roster knows
    already give their claims a unit and need no lock.
    """
    ids = {each.employee_id for each in employees}
    for newcomer in sorted(ids - employee_units(tx, ids).keys()):
        store.lock_subject(tx, newcomer)
    project_employees(tx, employees)
    store.place_unknown_claims(tx, sorted(ids))
