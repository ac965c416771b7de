"""Employees for screens and neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.directory import store


class EmployeeNotFound(NotFound):
    en = "There is no employee {employee_id}."
    zh = "员工 {employee_id} 不存在。"


def check_status(tx: Transaction, employee_ids: Sequence[str]) -> dict[str, tuple[str, datetime | None]]:
    """Last known status with its age, in milliseconds (N3.1). Who is not known is not in the answer."""
    return dict(store.statuses(tx, employee_ids))


def get_employee(tx: Transaction, employee_id: str) -> Row[Any]:
    """Raises EmployeeNotFound."""
    row = store.person(tx, employee_id)
    if row is None:
        raise EmployeeNotFound(employee_id=employee_id)
    return row


def list_employees(
    tx: Transaction, page: Page, *, unit: str, text: str, statuses: Sequence[str], position: str
) -> tuple[Sequence[Row[Any]], str]:
    rows = store.people(tx, page, below=unit, text=text, statuses=statuses, position=position)
    return page.cut(rows, lambda row: {"id": row.employee_id})
