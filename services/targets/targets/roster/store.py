"""SQL of the roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from targets.tables import employee, unit


def upsert_employees(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Newer versions win; older ones change nothing."""
    new = insert(employee)
    columns = {name: new.excluded[name] for name in ("version", "name", "status", "unit", "manager_id")}
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["employee_id"], set_=columns, where=employee.c.version < new.excluded.version
        ),
        list(rows),
    )


def upsert_units(tx: Transaction, names: Mapping[str, str]) -> None:
    new = insert(unit)
    changed = new.on_conflict_do_update(
        index_elements=["path"], set_={"name": new.excluded.name}, where=unit.c.name != new.excluded.name
    )
    tx.execute(changed, [{"path": path, "name": name} for path, name in sorted(names.items())])


def unit_of(tx: Transaction, employee_id: str) -> str | None:
    found: str | None = tx.execute(
        select(employee.c.unit).where(employee.c.employee_id == employee_id)
    ).scalar_one_or_none()
    return found


def employee_units(tx: Transaction, employee_ids: Iterable[str]) -> dict[str, str]:
    wanted = list(set(employee_ids))
    rows = tx.execute(select(employee.c.employee_id, employee.c.unit).where(employee.c.employee_id == func.any(wanted)))
    return {row.employee_id: row.unit for row in rows}
