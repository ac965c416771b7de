"""SQL of granted duties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import duty_grant


def held_by(tx: Transaction, employee_ids: Sequence[str]) -> dict[str, set[str]]:
    """Duties granted and in force now, by employee."""
    in_force = or_(duty_grant.c.until.is_(None), duty_grant.c.until > tx.now)
    query = select(duty_grant.c.employee_id, duty_grant.c.duty).where(
        duty_grant.c.employee_id == func.any(list(employee_ids)), duty_grant.c.revoked_at.is_(None), in_force
    )
    held: defaultdict[str, set[str]] = defaultdict(set)
    for row in tx.execute(query):
        held[row.employee_id].add(row.duty)
    return held


def add(tx: Transaction, **values: Any) -> None:
    tx.execute(insert(duty_grant).values(**values))


def grant(tx: Transaction, grant_id: str) -> Row[Any]:
    return tx.execute(select(duty_grant).where(duty_grant.c.id == grant_id)).one()


def locked(tx: Transaction, grant_id: str) -> Row[Any] | None:
    return tx.execute(select(duty_grant).where(duty_grant.c.id == grant_id).with_for_update()).one_or_none()


def is_granted(tx: Transaction, employee_id: str, duty: str) -> bool:
    query = select(duty_grant.c.id).where(
        duty_grant.c.employee_id == employee_id, duty_grant.c.duty == duty, duty_grant.c.revoked_at.is_(None)
    )
    return tx.execute(query).first() is not None


def end(tx: Transaction, grant_id: str, by: str, reason: str) -> None:
    ended = update(duty_grant).where(duty_grant.c.id == grant_id)
    tx.execute(ended.values(revoked_at=tx.now, revoked_by=by, revoke_reason=reason))


def grants(tx: Transaction, employee_id: str, page: Page) -> Sequence[Row[Any]]:
    """Newest first, ended ones too."""
    query = select(duty_grant).order_by(duty_grant.c.id.desc()).limit(page.limit)
    if employee_id:
        query = query.where(duty_grant.c.employee_id == employee_id)
    if page.after:
        query = query.where(duty_grant.c.id < page.after["id"])
    return tx.execute(query).all()
