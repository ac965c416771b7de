"""SQL of the lead flow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.flow.flow_rules import TAKEN_AWAY, Taken
from leads.flow.funnel_rules import Counted, Step
from leads.lead import store as leads
from leads.lead.rules import GONE

a, lead, step = tables.assignment.c, tables.lead.c, tables.lead_step.c
Period = tuple[datetime, datetime]
_OWN_STEPS = step.kind != "reply"


def _answered_at() -> ColumnElement[Any]:
    """The rep's first step while the lead was in these hands."""
    return (
        select(func.min(step.at))
        .where(
            step.lead_key == cast(a.lead_id, Text),
            _OWN_STEPS,
            step.at >= a.assigned_at,
            or_(a.ended_at.is_(None), step.at <= a.ended_at),
        )
        .scalar_subquery()
    )


def taken(tx: Transaction, period: Period) -> list[Taken]:
    """Assignments of the period that the caller may see."""
    query = select(a.employee_id, a.assigned_at, _answered_at().label("answered_at"), a.end_kind).where(
        a.assigned_at >= period[0], a.assigned_at < period[1], tx.identity.visible(a.employee_id, a.unit)
    )
    return [Taken(row.employee_id, row.assigned_at, row.answered_at, row.end_kind) for row in tx.execute(query)]


def taken_leads(
    tx: Transaction, employee_id: str, period: Period, what: str, page: Page
) -> tuple[Sequence[Row[Any]], str]:
    """The rows behind a cell, in the order of assignment. `what`: taken, answered, unanswered or reassigned."""
    answered = _answered_at()
    kept = {
        "taken": true(),
        "answered": answered.is_not(None),
        "unanswered": answered.is_(None),
        "reassigned": a.end_kind.in_(sorted(TAKEN_AWAY)),
    }[what]
    query = (
        select(tables.assignment, lead.company_name, lead.state, answered.label("answered_at"))
        .join(tables.lead, lead.lead_id == a.lead_id)
        .where(a.employee_id == employee_id, a.assigned_at >= period[0], a.assigned_at < period[1], kept)
        .where(tx.identity.visible(a.employee_id, a.unit))
    )
    if page.after:
        query = query.where(tuple_(a.assigned_at, a.assignment_id) > _place(page))
    rows = tx.execute(query.order_by(a.assigned_at, a.assignment_id).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"at": row.assigned_at.isoformat(), "id": row.assignment_id})


def _reached() -> ColumnElement[int]:
    """The farthest step, whatever happened afterwards."""
    key = cast(lead.lead_id, Text)
    won = exists().where(tables.closed_lead.c.external_id == key, tables.closed_lead.c.won)
    stepped = exists().where(step.lead_key == key)
    return case(
        (won, Step.SIGNED),
        (or_(lead.state == "converted", lead.opportunity_id.is_not(None)), Step.CONVERTED),
        (and_(stepped, exists().where(step.lead_key == key, step.kind == "reply")), Step.REPLIED),
        (stepped, Step.CONTACTED),
        (exists().where(a.lead_id == lead.lead_id), Step.ASSIGNED),
        else_=literal(int(Step.CAPTURED)),
    )


def _ended() -> ColumnElement[bool]:
    """Disqualified, or its opportunity lost."""
    closed = tables.closed_lead.c
    lost = exists().where(closed.external_id == cast(lead.lead_id, Text), ~closed.won)
    return or_(lead.state == "disqualified", and_(lead.state == "converted", lost))


def _captured(tx: Transaction, period: Period, wechat_only: bool) -> ColumnElement[bool]:
    known = lead.wecom_external_id != "" if wechat_only else true()
    in_period = and_(lead.captured_at >= period[0], lead.captured_at < period[1])
    return and_(in_period, lead.state.not_in(sorted(GONE)), known, leads.visible(tx.identity))


def counted(tx: Transaction, period: Period, *, wechat_only: bool) -> list[Counted]:
    """Leads captured in the period that the caller may see, by how far they got until now."""
    told = select(
        lead.channel, lead.grade, _reached().label("reached"), func.coalesce(_ended(), false()).label("ended")
    ).where(_captured(tx, period, wechat_only))
    each = told.subquery()
    query = select(each, func.count().label("leads")).group_by(*each.c)
    return [Counted(row.channel, row.grade, Step(row.reached), row.ended, row.leads) for row in tx.execute(query)]


def funnel_leads(
    tx: Transaction,
    period: Period,
    at: Step,
    conditions: Sequence[ColumnElement[bool]],
    page: Page,
    *,
    wechat_only: bool,
) -> tuple[Sequence[Row[Any]], str]:
    """The leads that came to a step, the newest first."""
    query = select(tables.lead, _reached().label("reached")).where(
        _captured(tx, period, wechat_only), _reached() >= int(at), *conditions
    )
    if page.after:
        query = query.where(tuple_(lead.captured_at, lead.lead_id) < _place(page))
    rows = tx.execute(query.order_by(lead.captured_at.desc(), lead.lead_id.desc()).limit(page.limit)).all()
    return page.cut(rows, lambda row: {"at": row.captured_at.isoformat(), "id": row.lead_id})


def _place(page: Page) -> tuple[datetime, str]:
    return datetime.fromisoformat(page.after["at"]), page.after["id"]
