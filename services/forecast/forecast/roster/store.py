"""SQL of the roster and of customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.roster import newest, unit_names
from chassis.unit_of_work import Transaction
from forecast.roster.rules import EmployeeFacts
from forecast.tables import customer, employee, unit

_EMPLOYEE = ("version", "name", "unit")
_CUSTOMER = ("version", "customer_code", "name")
_NAMES = text("""
    SELECT employee_id AS subject, name FROM employee WHERE employee_id = ANY(:subjects)
    UNION ALL SELECT path, name FROM unit WHERE path = ANY(:subjects)
""")


def upsert_employees(tx: Transaction, employees: Sequence[EmployeeFacts]) -> None:
    """Newer versions win; older ones change nothing."""
    latest = newest(employees)
    new = insert(employee)
    changed = {name: new.excluded[name] for name in _EMPLOYEE}
    newer = employee.c.version < new.excluded.version
    rows = [{name: asdict(each)[name] for name in ("employee_id", *_EMPLOYEE)} for each in latest]
    tx.execute(new.on_conflict_do_update(index_elements=["employee_id"], set_=changed, where=newer), rows)
    _upsert_units(tx, unit_names(latest))


def _upsert_units(tx: Transaction, names: Mapping[str, str]) -> None:
    if names:
        new = insert(unit)
        renamed = new.on_conflict_do_update(index_elements=["path"], set_={"name": new.excluded.name})
        tx.execute(renamed, [{"path": path, "name": name} for path, name in sorted(names.items())])


def upsert_customers(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    new = insert(customer)
    changed = {name: new.excluded[name] for name in _CUSTOMER}
    newer = customer.c.version < new.excluded.version
    tx.execute(new.on_conflict_do_update(index_elements=["customer_id"], set_=changed, where=newer), list(rows))


def merge_customers(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Customers that were merged, or parted (`merged_into` None); of a customer the newest word counts, once each."""
    unnamed = {"version": 0, "customer_code": "", "name": ""}
    new = insert(customer)
    changed = {name: new.excluded[name] for name in ("merged_into", "merged_at", "merge_version")}
    newer = customer.c.merge_version < new.excluded.merge_version
    merged = new.on_conflict_do_update(index_elements=["customer_id"], set_=changed, where=newer)
    tx.execute(merged, [unnamed | dict(each) for each in rows])


def find_employee(tx: Transaction, employee_id: str) -> Row[Any] | None:
    return tx.execute(select(employee).where(employee.c.employee_id == employee_id)).first()


def names_of(tx: Transaction, subjects: Collection[str]) -> dict[str, str]:
    """Of those that are known: employee id or unit path → name."""
    return {row.subject: row.name for row in tx.execute(_NAMES, {"subjects": list(subjects)})}
