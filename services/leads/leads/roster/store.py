"""SQL of the roster: employees, profiles, and what each rep carries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables

t = tables.rep.c
GradeLetter = Literal["A", "B", "C"]
# Statements of hot paths are built once: building one costs more than running it.
_REP = t.employee_id == bindparam("of_rep")
_LOCK = select(tables.rep).where(_REP).with_for_update()
_LOCK_ALL = (
    select(tables.rep)
    .where(t.employee_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .order_by(t.employee_id)
    .with_for_update()
)
_PEOPLE = select(t.employee_id, t.name, t.status, t.unit, t.manager_id, t.as_of).where(
    t.employee_id == any_(bindparam("ids", type_=ARRAY(Text)))
)
_LET_GO_ALL = (
    update(tables.rep)
    .where(_REP)
    .values(open_a=t.open_a - bindparam("a"), open_b=t.open_b - bindparam("b"), open_c=t.open_c - bindparam("c"))
)


@dataclass(frozen=True)
class Employee:
    """As integration tells it. `version` grows with each change."""

    employee_id: str
    version: int
    name: str
    status: str
    unit: str
    unit_name: str
    manager_id: str
    position: str
    duties: tuple[str, ...]
    hired_on: date | None
    as_of: datetime | None


class EmployeeNotFound(NotFound):
    en = "There is no employee {employee_id} in your area."
    zh = "在您的管辖范围内没有员工 {employee_id}。"


@dataclass(frozen=True)
class Person:
    """What other features need to know of an employee."""

    employee_id: str
    name: str = ""
    status: str = ""
    unit: str = ""
    manager_id: str = ""
    as_of: datetime | None = None


def project(tx: Transaction, employees: Sequence[Employee]) -> None:
    """Newer versions replace older ones; an older one that comes late changes nothing."""
    if not employees:
        return
    rows = [vars(each) | {"duties": list(each.duties)} for each in employees]
    new = insert(tables.rep)
    fresh = {name: new.excluded[name] for name in Employee.__dataclass_fields__ if name != "employee_id"}
    tx.execute(
        new.on_conflict_do_update(index_elements=[t.employee_id], set_=fresh, where=t.version < new.excluded.version),
        rows,
    )
    _place_in_teams(tx, [each.employee_id for each in employees])


def _place_in_teams(tx: Transaction, employee_ids: Collection[str]) -> None:
    """A rep's team is the unit of the rep's manager, the own unit while the manager is not known (LD3.3)."""
    boss = aliased(tables.rep)
    team = func.coalesce(
        select(boss.c.unit).where(boss.c.employee_id == t.manager_id, boss.c.unit != "").scalar_subquery(), t.unit
    )
    moved = or_(t.employee_id.in_(employee_ids), t.manager_id.in_(employee_ids))
    tx.execute(update(tables.rep).where(moved, t.team != team).values(team=team))


def save_profiles(tx: Transaction, profiles: Iterable[Mapping[str, Any]]) -> None:
    rows = list(profiles)
    new = insert(tables.rep)
    fresh = {name: new.excluded[name] for name in rows[0] if name != "employee_id"}
    tx.execute(new.on_conflict_do_update(index_elements=[t.employee_id], set_=fresh), rows)


def person(tx: Transaction, employee_id: str) -> Person:
    """Only the id when the roster does not know the employee."""
    return people(tx, [employee_id]).get(employee_id) or Person(employee_id)


def visible_person(tx: Transaction, employee_id: str) -> Person:
    """Raises EmployeeNotFound, also for who is not the caller's to see."""
    found = people(tx, [employee_id]).get(employee_id)
    if found is None or not tx.identity.may_see(employee_id, found.unit):
        raise EmployeeNotFound(employee_id=employee_id)
    return found


def people(tx: Transaction, employee_ids: Collection[str]) -> dict[str, Person]:
    rows = tx.execute(_PEOPLE, {"ids": sorted(set(employee_ids))})
    return {row.employee_id: Person(*row) for row in rows}


def lock_rep(tx: Transaction, employee_id: str) -> Row[Any] | None:
    """The rep's whole row, locked: load and cap are judged and changed under this lock (LD3.9)."""
    return tx.execute(_LOCK, {"of_rep": employee_id}).one_or_none()


def lock_reps(tx: Transaction, employee_ids: Collection[str]) -> dict[str, Row[Any]]:
    """As `lock_rep`, of several, in order of their ids; those that are there."""
    if not employee_ids:
        return {}
    return {row.employee_id: row for row in tx.execute(_LOCK_ALL, {"ids": sorted(employee_ids)})}


def let_go(tx: Transaction, employee_id: str, grade: GradeLetter) -> None:
    """One open lead of this grade less."""
    column = _open_column(grade)
    tx.execute(update(tables.rep).where(t.employee_id == employee_id).values({column: t[column] - 1}))


def let_go_all(tx: Transaction, given: Iterable[tuple[str, GradeLetter]]) -> None:
    """Open leads less, of employees and grades, each as often as it is named; rows are changed in order of their id."""
    fewer: dict[str, Counter[str]] = defaultdict(Counter)
    for employee_id, grade in given:
        fewer[employee_id][grade] += 1
    rows = [
        {"of_rep": each, "a": fewer[each]["A"], "b": fewer[each]["B"], "c": fewer[each]["C"]} for each in sorted(fewer)
    ]
    if rows:
        tx.execute(_LET_GO_ALL, rows)


def regrade(tx: Transaction, employee_id: str, before: GradeLetter, after: GradeLetter) -> None:
    """An open lead weighs differently from now on."""
    if before != after:
        old, new = _open_column(before), _open_column(after)
        changes = {old: t[old] - 1, new: t[new] + 1}
        tx.execute(update(tables.rep).where(t.employee_id == employee_id).values(changes))


def _open_column(grade: GradeLetter) -> str:
    return f"open_{grade.lower()}"


def version_of(tx: Transaction, employee_id: str) -> int | None:
    """Of the employee in integration; None when the roster does not know the employee."""
    query = select(t.version).where(t.employee_id == employee_id, t.version > 0)
    return tx.execute(query).scalar_one_or_none()
