"""SQL of claims, saved filters and bulk assignments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.errors import NotFound
from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads import tables
from leads.pool.rules import Standing

_claim, _given, _filter = tables.pool_claim.c, tables.assignment.c, tables.pool_filter.c
_batch, _assigned, _rep = tables.bulk_assignment.c, tables.bulk_assigned.c, tables.rep.c


class FilterNotFound(NotFound):
    en = "You have no filter “{name}”."
    zh = "您没有名为“{name}”的筛选条件。"


class BatchNotFound(NotFound):
    en = "There is no bulk assignment {batch_id}."
    zh = "批量分配 {batch_id} 不存在。"


def standing(tx: Transaction, employee_id: str, lead_id: str) -> Standing:
    """Under the lock of the rep's row, so that nothing is counted twice."""
    today = select(func.count()).where(_claim.employee_id == employee_id, _claim.day == local_date(tx.now))
    held = select(func.count()).where(
        _given.employee_id == employee_id, _given.ended_at.is_(None), _given.how == "claimed"
    )
    had = select(func.max(_given.ended_at)).where(_given.lead_id == lead_id, _given.employee_id == employee_id)
    counted = {"claimed_today": today, "held": held, "had_until": had}
    row = tx.execute(select(*(each.scalar_subquery().label(name) for name, each in counted.items()))).one()
    return Standing(**row._mapping)


def add_claim(tx: Transaction, lead_id: str, employee_id: str, protected_until: datetime) -> None:
    values = {
        "claim_id": new_id(),
        "lead_id": lead_id,
        "employee_id": employee_id,
        "day": local_date(tx.now),
        "claimed_at": tx.now,
        "protected_until": protected_until,
    }
    tx.execute(insert(tables.pool_claim).values(values))


def last_claim(tx: Transaction, lead_id: str) -> Row[Any] | None:
    """With the name of who claimed it."""
    query = (
        select(tables.pool_claim, func.coalesce(_rep.name, _claim.employee_id).label("name"))
        .outerjoin(tables.rep, _rep.employee_id == _claim.employee_id)
        .where(_claim.lead_id == lead_id)
        .order_by(_claim.claimed_at.desc(), _claim.claim_id.desc())
        .limit(1)
    )
    return tx.execute(query).one_or_none()


def is_claimed_by(tx: Transaction, lead_id: str, employee_id: str) -> bool:
    """Whether the lead's current owner has it by claim."""
    current = (_given.lead_id == lead_id, _given.employee_id == employee_id, _given.ended_at.is_(None))
    return tx.execute(select(_given.how).where(*current)).scalar_one_or_none() == "claimed"


def extend_claim(tx: Transaction, claim_id: str, extensions: int, protected_until: datetime) -> None:
    changed = update(tables.pool_claim).where(_claim.claim_id == claim_id)
    tx.execute(changed.values(extensions=extensions, protected_until=protected_until))


def save_filter(tx: Transaction, name: str, wish: dict[str, Any]) -> None:
    """One of the same name is replaced."""
    values = {"employee_id": tx.identity.subject, "name": name, "filter": wish, "saved_at": tx.now}
    fresh = {each: values[each] for each in ("filter", "saved_at")}
    new = upsert(tables.pool_filter).values(values)
    tx.execute(new.on_conflict_do_update(index_elements=[_filter.employee_id, _filter.name], set_=fresh))


def filters(tx: Transaction) -> Sequence[Row[Any]]:
    query = select(_filter.name, _filter.filter).where(_filter.employee_id == tx.identity.subject)
    return tx.execute(query.order_by(_filter.name)).all()


def delete_filter(tx: Transaction, name: str) -> None:
    """Raises FilterNotFound."""
    own = delete(tables.pool_filter).where(_filter.employee_id == tx.identity.subject, _filter.name == name)
    if not tx.execute(own).rowcount:
        raise FilterNotFound(name=name)


def add_batch(tx: Transaction, batch_id: str, reason: str, assigned: Sequence[dict[str, Any]]) -> None:
    batch = {
        "batch_id": batch_id,
        "by": tx.identity.subject,
        "unit": tx.identity.unit,
        "reason": reason,
        "assigned_at": tx.now,
    }
    tx.execute(insert(tables.bulk_assignment).values(batch))
    if assigned:
        tx.execute(insert(tables.bulk_assigned), [each | {"batch_id": batch_id} for each in assigned])


def lock_batch(tx: Transaction, batch_id: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """Raises BatchNotFound, also for one that is not the caller's to see."""
    visible = tx.identity.visible(_batch.by, _batch.unit)
    query = select(tables.bulk_assignment).where(_batch.batch_id == batch_id, visible).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise BatchNotFound(batch_id=batch_id)
    found = select(tables.bulk_assigned).where(_assigned.batch_id == batch_id).order_by(_assigned.lead_id)
    return row, tx.execute(found).all()


def end_batch(tx: Transaction, batch_id: str) -> None:
    tx.execute(update(tables.bulk_assignment).where(_batch.batch_id == batch_id).values(undone_at=tx.now))
