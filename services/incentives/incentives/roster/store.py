"""SQL of the roster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from incentives.roster.merge_rules import Merge, Merges
from incentives.roster.rules import Customer, Employee
from incentives.tables import customer_merge, customer_version, employee_version

_IDS = bindparam("ids", type_=ARRAY(Text))
_EMPLOYEES = select(employee_version).where(employee_version.c.employee_id == any_(_IDS))
_CUSTOMERS = select(customer_version).where(customer_version.c.customer_id == any_(_IDS))
_WITH_LEADERS = text("""
    WITH own AS (SELECT * FROM employee_version WHERE employee_id = ANY(:ids)),
    managers AS (SELECT * FROM employee_version WHERE employee_id IN (SELECT manager_id FROM own)),
    directors AS (SELECT * FROM employee_version WHERE employee_id IN (SELECT manager_id FROM managers))
    SELECT * FROM own UNION SELECT * FROM managers UNION SELECT * FROM directors
""").columns(*employee_version.c)
_BEARERS = (
    select(customer_version.c.customer_id)
    .where(customer_version.c.customer_code == any_(bindparam("codes", type_=ARRAY(Text))))
    .distinct()
)
# Of these customers and all that were ever one with them, whatever the steps.
_MERGES = text("""
    WITH RECURSIVE one (id) AS (
        SELECT unnest(CAST(:ids AS text[]))
        UNION SELECT other.id FROM one CROSS JOIN LATERAL (
            SELECT kept_id AS id FROM customer_merge WHERE merged_id = one.id AND kept_id IS NOT NULL
            UNION ALL SELECT merged_id FROM customer_merge WHERE kept_id = one.id
        ) AS other
    )
    SELECT * FROM customer_merge WHERE merged_id IN (SELECT id FROM one)
""").columns(*customer_merge.c)


def add_employees(tx: Transaction, versions: Sequence[Employee]) -> None:
    """A version told again changes nothing."""
    tx.execute(insert(employee_version).on_conflict_do_nothing(), [asdict(each) for each in versions])


def add_customers(tx: Transaction, versions: Sequence[Customer]) -> None:
    tx.execute(insert(customer_version).on_conflict_do_nothing(), [asdict(each) for each in versions])


def employee_versions(tx: Transaction, employee_ids: Collection[str]) -> dict[str, list[Employee]]:
    return _employees(tx.execute(_EMPLOYEES, {"ids": list(employee_ids)}))


def with_leaders(tx: Transaction, employee_ids: Collection[str]) -> dict[str, list[Employee]]:
    """All versions of these, of whom they ever reported to, and of whom those did."""
    return _employees(tx.execute(_WITH_LEADERS, {"ids": list(employee_ids)}))


def customer_versions(tx: Transaction, customer_ids: Collection[str]) -> dict[str, list[Customer]]:
    found: dict[str, list[Customer]] = {}
    for row in tx.execute(_CUSTOMERS, {"ids": list(customer_ids)}):
        found.setdefault(row.customer_id, []).append(Customer(**row._mapping))
    return found


def bearers_of(tx: Transaction, codes: Collection[str]) -> set[str]:
    """Customers that ever bore one of these numbers of the ERP."""
    return set(tx.execute(_BEARERS, {"codes": [each for each in codes if each]}).scalars())


def add_merges(tx: Transaction, told: Sequence[Merge]) -> None:
    tx.execute(insert(customer_merge).on_conflict_do_nothing(), [asdict(each) for each in told])


def merges_of(tx: Transaction, customer_ids: Collection[str]) -> Merges:
    return Merges(Merge(**row._mapping) for row in tx.execute(_MERGES, {"ids": list(customer_ids)}))


def _employees(found: Iterable[Row[Any]]) -> dict[str, list[Employee]]:
    versions: dict[str, list[Employee]] = {}
    for row in found:
        versions.setdefault(row.employee_id, []).append(Employee(**row._mapping))
    return versions


def unit_of(tx: Transaction, employee_id: str) -> str | None:
    """Where the employee works now."""
    mine = employee_version.c.employee_id == employee_id
    query = select(employee_version.c.unit).where(mine).order_by(employee_version.c.version.desc()).limit(1)
    unit: str | None = tx.execute(query).scalar_one_or_none()
    return unit


def manager_of(tx: Transaction, employee_id: str) -> str:
    """Whom the employee reports to now; empty when nobody is known."""
    mine = employee_version.c.employee_id == employee_id
    query = select(employee_version.c.manager_id).where(mine).order_by(employee_version.c.version.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none() or ""


def leads_people(tx: Transaction, employee_id: str) -> bool:
    """Whether somebody ever reported to this employee."""
    query = select(employee_version.c.employee_id).where(employee_version.c.manager_id == employee_id).limit(1)
    return tx.execute(query).first() is not None
