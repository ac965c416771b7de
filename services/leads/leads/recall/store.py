"""SQL of recalls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store as leads
from leads.lead.rules import OWNED, Lead, State

_lead, _given, _recall, _rep = tables.lead.c, tables.assignment.c, tables.recall.c, tables.rep.c


class RecallNotFound(NotFound):
    en = "There is no recall {recall_id}."
    zh = "召回记录 {recall_id} 不存在。"


def lock_assigned_since(tx: Transaction, employee_id: str, since: datetime) -> list[Lead]:
    """The leads an employee was given since and still has, locked in one order."""
    owned = (_lead.owner_id == employee_id, _lead.state.in_([each.value for each in OWNED]))
    query = select(tables.lead).where(*owned, _lead.assigned_at >= since).order_by(_lead.lead_id).with_for_update()
    return [leads.from_row(row) for row in tx.execute(query)]


def open_recall(
    tx: Transaction, employee_id: str, since: datetime, reason: str, reason_zh: str, *, automatic: bool
) -> str:
    """Its id; the same for the same employee and instant."""
    fresh = insert(tables.recall).values(
        recall_id=new_id(),
        employee_id=employee_id,
        since=since,
        automatic=automatic,
        reason=reason,
        reason_zh=reason_zh,
        started_by=tx.identity.subject,
        started_at=tx.now,
    )
    tx.execute(fresh.on_conflict_do_nothing(constraint="recall_once"))
    known = select(_recall.recall_id).where(_recall.employee_id == employee_id, _recall.since == since)
    return str(tx.execute(known).scalar_one())


def load(tx: Transaction, recall_id: str) -> Row[Any]:
    """With name and unit of the employee, and how many leads were taken back and have an owner again."""
    taken = select(_given.lead_id).where(_given.recall_id == recall_id).distinct().subquery()
    owned = func.count().filter(_lead.state.in_([*OWNED, State.CONVERTED]))
    counted = select(func.count().label("leads"), owned.label("reassigned"))
    counts = counted.select_from(taken.join(tables.lead, _lead.lead_id == taken.c.lead_id)).subquery()
    query = (
        select(tables.recall, _rep.name, _rep.unit, counts)
        .select_from(tables.recall.outerjoin(tables.rep, _rep.employee_id == _recall.employee_id).join(counts, true()))
        .where(_recall.recall_id == recall_id)
    )
    row = tx.execute(query).one_or_none()
    if row is None or not tx.identity.may_see(row.employee_id, row.unit):
        raise RecallNotFound(recall_id=recall_id)
    return row


def leads_of(tx: Transaction, recall_id: str, page: Page) -> Sequence[Row[Any]]:
    owner = tables.rep.alias("owner")
    query = (
        select(
            _lead.lead_id,
            _lead.company_name,
            _lead.state,
            _lead.owner_id,
            func.coalesce(owner.c.name, "").label("owner_name"),
            func.min(_given.assigned_at).label("assigned_at"),
            func.max(_given.ended_at).label("recalled_at"),
        )
        .select_from(
            tables.assignment.join(tables.lead, _lead.lead_id == _given.lead_id).outerjoin(
                owner, owner.c.employee_id == _lead.owner_id
            )
        )
        .where(_given.recall_id == recall_id)
        .group_by(_lead.lead_id, owner.c.name)
        .order_by(_lead.lead_id)
        .limit(page.limit)
    )
    if page.after:
        query = query.where(_lead.lead_id > page.after["id"])
    return tx.execute(query).all()


def departed(tx: Transaction, versions: dict[str, int]) -> set[str]:
    """Who of them is departed on the roster, in just this version."""
    query = select(_rep.employee_id, _rep.version).where(_rep.employee_id.in_(versions), _rep.status == "departed")
    return {row.employee_id for row in tx.execute(query) if versions[row.employee_id] == row.version}


def accounts(tx: Transaction) -> list[Row[Any]]:
    """Everybody on the roster whom integration knows."""
    query = select(_rep.employee_id, _rep.name, _rep.status, _rep.version).where(_rep.version > 0)
    return list(tx.execute(query.order_by(_rep.employee_id)).all())


def set_status(tx: Transaction, employee_id: str, version: int, status: str, as_of: datetime | None) -> bool:
    """False when the roster heard something newer meanwhile."""
    same = (_rep.employee_id == employee_id, _rep.version == version)
    return bool(tx.execute(update(tables.rep).where(*same).values(status=status, as_of=as_of)).rowcount)
