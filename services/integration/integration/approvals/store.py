"""SQL of approvals."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.approvals.rules import ApprovalCompleted
from integration.tables import approval, employee


def applicant(tx: Transaction, staff_id: str) -> str:
    """DingTalk's user id is the employee's number, in whatever case it was typed in there; "" for nobody of ours."""
    named = select(employee.c.employee_id).where(employee.c.employee_id == func.upper(staff_id))
    return str(tx.execute(named).scalar() or "")


def add(tx: Transaction, told: ApprovalCompleted) -> bool:
    """False when it was told before."""
    row = insert(approval).values(**asdict(told), received_at=tx.now).on_conflict_do_nothing()
    return tx.execute(row.returning(approval.c.approval_id)).first() is not None
