"""SQL of the roster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from incentives.roster.rules import Customer, Employee
from incentives.tables import customer_version, employee_version


def add_employees(tx: Transaction, versions: Sequence[Employee]) -> None:
    """A version told again changes nothing."""
    tx.execute(insert(employee_version).on_conflict_do_nothing(), [asdict(each) for each in versions])


def add_customers(tx: Transaction, versions: Sequence[Customer]) -> None:
    tx.execute(insert(customer_version).on_conflict_do_nothing(), [asdict(each) for each in versions])


def employee_versions(tx: Transaction, employee_id: str) -> list[Employee]:
    rows = tx.execute(select(employee_version).where(employee_version.c.employee_id == employee_id))
    return [Employee(**row._mapping) for row in rows]


def customer_versions(tx: Transaction, customer_id: str) -> list[Customer]:
    rows = tx.execute(select(customer_version).where(customer_version.c.customer_id == customer_id))
    return [Customer(**row._mapping) for row in rows]


def customer_of_code(tx: Transaction, code: str) -> str:
    """Id of the customer that carries the ERP's code; empty when nobody does."""
    newest = customer_version.c.version.desc(), customer_version.c.customer_id
    query = select(customer_version.c.customer_id).where(customer_version.c.customer_code == code)
    return tx.execute(query.order_by(*newest).limit(1)).scalar_one_or_none() or "" if code else ""


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
