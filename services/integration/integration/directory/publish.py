"""Tell on what an employee is now, after the row was changed or a duty came or went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.unit_of_work import Transaction
from integration.directory import store
from integration.directory.rules import EmployeeChanged
from integration.duties import store as grants
from integration.duties.policy import DutiesPolicy
from integration.duties.rules import duties_of

FACTS = (
    "employee_id",
    "version",
    "name",
    "status",
    "unit",
    "unit_name",
    "region_name",
    "manager_id",
    "position",
    "hired_on",
    "left_on",
    "email",
    "wecom_user_id",
    "status_since",
)


def publish(
    tx: Transaction,
    rows: Mapping[str, Mapping[str, Any]],
    status_before: Mapping[str, str],
    as_of: datetime,
    policy: DutiesPolicy,
) -> None:
    """`rows`: by employee id, as they are in the table now, locked or new."""
    granted = grants.held_by(tx, list(rows))
    told: dict[str, tuple[str, ...]] = {}
    for employee_id, row in rows.items():
        duties = duties_of(row["status"], row["position"], granted.get(employee_id, ()), policy)
        facts = {name: row[name] for name in FACTS}
        before = status_before.get(employee_id, "")
        tx.record(EmployeeChanged(**facts, status_before=before, as_of=as_of, duties=duties))
        told[employee_id] = duties
    store.keep_duties(tx, told)


def publish_again(tx: Transaction, employee_id: str, policy: DutiesPolicy) -> None:
    """The employee's duties changed: same person, next version. Nothing when HR does not know the employee."""
    row = store.locked(tx, [employee_id]).get(employee_id)
    if row is None:
        return
    changed = {**row._asdict(), "version": row.version + 1}
    store.change(tx, [changed])
    publish(tx, {employee_id: changed}, {employee_id: row.status}, store.as_of(tx) or tx.now, policy)
