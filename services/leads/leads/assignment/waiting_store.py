"""SQL of who waits for an owner for how long (LD3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, insert, or_, select

from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store as leads
from leads.lead.rules import WAITING, Lead

_lead, _rep, _told = tables.lead.c, tables.rep.c, tables.wait_told.c
_SINCE = func.coalesce(_lead.waiting_since, _lead.captured_at)
BATCH = 500


def overdue_a(tx: Transaction, before: datetime) -> list[Lead]:
    """A leads that have waited since `before` or longer and of which nobody was told yet; locked."""
    told = exists().where(_told.lead_id == _lead.lead_id, _told.since == _SINCE)
    query = select(tables.lead).where(_waits(), _lead.grade == "A", before >= _SINCE, ~told)
    query = query.order_by(*leads.waiting_line()).limit(BATCH).with_for_update(skip_locked=True)
    return [leads.from_row(row) for row in tx.execute(query)]


def note_told(tx: Transaction, found: Sequence[Lead]) -> None:
    rows = [{"lead_id": each.lead_id, "since": each.waiting_since or each.captured_at} for each in found]
    if rows:
        tx.execute(insert(tables.wait_told), rows)


def managers_near(tx: Transaction, lead: Lead) -> tuple[str, ...]:
    """Of active reps in the lead's own unit or city, else in its province; empty when nobody is near."""
    places = (
        [_rep.unit == lead.unit] * bool(lead.unit) + [_rep.city == lead.city] * bool(lead.city),
        [_rep.province == lead.province] * bool(lead.province),
    )
    for near in places:
        if near:
            query = select(_rep.manager_id).where(or_(*near), _rep.status == "active", _rep.manager_id != "")
            found = tuple(tx.execute(query.distinct().order_by(_rep.manager_id)).scalars())
            if found:
                return found
    return ()


def figures(tx: Transaction, a_before: datetime, any_before: datetime) -> Sequence[Row[Any]]:
    """By grade: how many wait, how many of them are late, and since when the oldest waits."""
    grade = case((_lead.grade == "", "C"), else_=_lead.grade).label("grade")
    query = select(
        grade,
        func.count().label("waiting"),
        func.count().filter(_lead.grade == "A", a_before >= _SINCE).label("a_overdue"),
        func.count().filter(any_before >= _SINCE).label("unassigned_overdue"),
        func.min(_SINCE).label("oldest"),
    )
    return tx.execute(query.where(_waits()).group_by(grade)).all()


def _waits() -> ColumnElement[bool]:
    return _lead.state.in_([each.value for each in WAITING])
