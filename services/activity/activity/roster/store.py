"""SQL of the roster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from activity.tables import employee
from chassis.unit_of_work import Transaction


def upsert_employees(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Newer versions win; older ones change nothing."""
    new = insert(employee)
    columns = {name: new.excluded[name] for name in ("version", "name", "status", "unit")}
    newer = employee.c.version < new.excluded.version
    tx.execute(new.on_conflict_do_update(index_elements=["employee_id"], set_=columns, where=newer), list(rows))


def find_employee(tx: Transaction, employee_id: str) -> Row[Any] | None:
    return tx.execute(select(employee).where(employee.c.employee_id == employee_id)).first()
