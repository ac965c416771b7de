"""SQL of budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.budgets.rules import APPROVED, REJECTED, Change, Period, Span
from incentives.tables import budget_change, budget_exhaustion

C = budget_change.c


def approved(tx: Transaction) -> list[Change]:
    """In the order of approval."""
    rows = tx.execute(select(budget_change).where(C.state == APPROVED).order_by(C.decided_at, C.change_id))
    return [
        Change(row.budget_id, Period(row.period), row.starts_on, row.onward, row.amount_fen, row.decided_at)
        for row in rows
    ]


def period_of(tx: Transaction, budget_id: str) -> Period | None:
    """By which period the budget goes: as approved, else as first proposed."""
    query = select(C.period).where(C.budget_id == budget_id, C.state != REJECTED)
    first = query.order_by((C.state == APPROVED).desc(), C.change_id).limit(1)
    found = tx.execute(first).scalar_one_or_none()
    return None if found is None else Period(found)


def insert_change(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(budget_change).values(**values))


def lock_change(tx: Transaction, change_id: str) -> Row[Any] | None:
    return tx.execute(select(budget_change).where(C.change_id == change_id).with_for_update()).first()


def set_decided(tx: Transaction, change_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(budget_change).where(C.change_id == change_id).values(**values))


def list_budgets(tx: Transaction, page: Page, budget_id: str) -> list[str]:
    query = select(C.budget_id).distinct().order_by(C.budget_id).limit(page.limit)
    if budget_id:
        query = query.where(C.budget_id == budget_id)
    if page.after:
        query = query.where(C.budget_id > page.after["id"])
    return list(tx.execute(query).scalars())


def changes(tx: Transaction, budget_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(budget_change).where(C.budget_id.in_(budget_ids)).order_by(C.change_id.desc())
    return tx.execute(query).all()


def exhaustion(tx: Transaction, span: Span) -> Row[Any] | None:
    c = budget_exhaustion.c
    mine = (c.budget_id == span.budget_id) & (c.starts_on == span.starts_on)
    return tx.execute(select(budget_exhaustion).where(mine)).first()


def save_exhaustion(tx: Transaction, span: Span, at: datetime | None, number: int) -> None:
    new = insert(budget_exhaustion).values(
        budget_id=span.budget_id, starts_on=span.starts_on, exhausted_at=at, number=number
    )
    kept = {"exhausted_at": new.excluded.exhausted_at, "number": new.excluded.number}
    tx.execute(new.on_conflict_do_update(index_elements=["budget_id", "starts_on"], set_=kept))
