"""SQL of the employee directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import directory_state, employee, unit

# Per employee: until when HR's word holds. Everybody that the latest answer covers shares one instant.
AS_OF = func.coalesce(employee.c.as_of_held, directory_state.c.as_of).label("as_of")

# Composed once: composing it costs as much as asking it.
_STATUSES = (
    select(employee.c.employee_id, employee.c.status, AS_OF)
    .outerjoin(directory_state, directory_state.c.id == 1)
    .where(employee.c.employee_id == func.any(bindparam("ids", type_=ARRAY(Text))))
)


def _people() -> Select[Any]:
    return select(employee, AS_OF).outerjoin(directory_state, directory_state.c.id == 1)


def statuses(tx: Transaction, employee_ids: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """One indexed statement, so that it answers in milliseconds."""
    found = tx.execute(_STATUSES, {"ids": list(employee_ids)})
    return {row.employee_id: (row.status, row.as_of) for row in found}


def locked(tx: Transaction, employee_ids: Iterable[str]) -> dict[str, Row[Any]]:
    query = select(employee).where(employee.c.employee_id == func.any(sorted(employee_ids)))
    found = tx.execute(query.order_by(employee.c.employee_id).with_for_update())
    return {row.employee_id: row for row in found}


def person(tx: Transaction, employee_id: str) -> Row[Any] | None:
    return tx.execute(_people().where(employee.c.employee_id == employee_id)).one_or_none()


def by_wecom(tx: Transaction, wecom_user_id: str) -> str:
    """Employee id, empty when it is nobody of ours."""
    query = select(employee.c.employee_id).where(employee.c.wecom_user_id == wecom_user_id).limit(1)
    return str(tx.execute(query).scalar() or "")


def by_wecom_ids(tx: Transaction, wecom_user_ids: Sequence[str]) -> dict[str, str]:
    """Employee ids by chat user id, of those who are ours."""
    named = employee.c.wecom_user_id == func.any(sorted({each for each in wecom_user_ids if each}))
    found = tx.execute(select(employee.c.wecom_user_id, employee.c.employee_id).where(named))
    return {row.wecom_user_id: row.employee_id for row in found}


def by_email(tx: Transaction, addresses: Sequence[str]) -> dict[str, str]:
    """Employee ids by address in lower case, of those who are ours."""
    address = func.lower(employee.c.email)
    named = address.in_(sorted({each for each in addresses if each}))
    found = tx.execute(select(address.label("address"), employee.c.employee_id).where(named))
    return {row.address: row.employee_id for row in found}


def people(
    tx: Transaction, page: Page, *, below: str, text: str, statuses: Sequence[str], position: str
) -> Sequence[Row[Any]]:
    """By id. `below`: a unit path, with all units below it."""
    query = _people().order_by(employee.c.employee_id).limit(page.limit)
    if below:
        query = query.where(employee.c.unit.startswith(below, autoescape=True))
    if text:
        named = employee.c.name.contains(text, autoescape=True)
        query = query.where(or_(named, employee.c.employee_id == text))
    if statuses:
        query = query.where(employee.c.status.in_(statuses))
    if position:
        query = query.where(employee.c.position == position)
    if page.after:
        query = query.where(employee.c.employee_id > page.after["id"])
    return tx.execute(query).all()


def units(tx: Transaction) -> Sequence[Row[Any]]:
    """Each with its people and those of all units below it, the departed not counted."""
    here = select(func.count()).select_from(employee)
    here = here.where(employee.c.unit.op("^@")(unit.c.path), employee.c.status != "departed")
    counted = select(unit, here.scalar_subquery().label("employees")).order_by(unit.c.path)
    return tx.execute(counted).all()


def keep_units(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        fresh = insert(unit)
        known = {"name": fresh.excluded.name, "manager_id": fresh.excluded.manager_id}
        tx.execute(fresh.on_conflict_do_update(index_elements=[unit.c.path], set_=known), rows)


def add(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        tx.execute(insert(employee), rows)


def change(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Each row: all columns of the employee."""
    if rows:
        columns = [name for name in rows[0] if name != "employee_id"]
        changed = update(employee).where(employee.c.employee_id == bindparam("_id"))
        changed = changed.values({name: bindparam(f"_{name}") for name in columns})
        tx.execute(changed, [{"_id": row["employee_id"]} | {f"_{name}": row[name] for name in columns} for row in rows])


def keep_duties(tx: Transaction, told: Mapping[str, Sequence[str]]) -> None:
    if told:
        kept = update(employee).where(employee.c.employee_id == bindparam("_id")).values(duties=bindparam("_duties"))
        tx.execute(kept, [{"_id": each, "_duties": list(duties)} for each, duties in told.items()])


def everybody(tx: Transaction) -> Sequence[Row[Any]]:
    """What decides the duties of each."""
    columns = (employee.c.employee_id, employee.c.status, employee.c.position, employee.c.duties)
    return tx.execute(select(*columns)).all()


# -- age of what HR said -------------------------------------------------------------------------------------------


def as_of(tx: Transaction) -> datetime | None:
    found: datetime | None = tx.execute(select(directory_state.c.as_of).where(directory_state.c.id == 1)).scalar()
    return found


def renew_as_of(tx: Transaction, at: datetime) -> None:
    fresh = insert(directory_state).values(id=1, as_of=at)
    tx.execute(fresh.on_conflict_do_update(index_elements=[directory_state.c.id], set_={"as_of": at}))


def hold_as_of(tx: Transaction, employee_ids: Sequence[str], at: datetime | None) -> None:
    """HR's answer does not cover them: their age stays where it was."""
    if employee_ids and at is not None:
        named = employee.c.employee_id == func.any(list(employee_ids))
        tx.execute(update(employee).where(named, employee.c.as_of_held.is_(None)).values(as_of_held=at))


def release_as_of(tx: Transaction, employee_ids: Sequence[str]) -> None:
    named = employee.c.employee_id == func.any(list(employee_ids))
    tx.execute(update(employee).where(named, employee.c.as_of_held.isnot(None)).values(as_of_held=None))


def not_named(tx: Transaction, employee_ids: Sequence[str]) -> Sequence[str]:
    """Known employees that a full list did not name."""
    query = select(employee.c.employee_id).where(employee.c.employee_id != func.all(list(employee_ids)))
    return tx.execute(query).scalars().all()
