"""The heat map, the funnel, and the rows behind each of their numbers (LD8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.flow import store
from leads.flow.flow_rules import Cell, cells
from leads.flow.funnel_rules import OLD_CUSTOMERS, Funnel, Step, funnels
from leads.flow.store import Period
from leads.response_clock.policy import ResponsePolicy
from leads.roster import store as roster


def view_flow(tx: Transaction, period: Period, policy: ResponsePolicy) -> list[Cell]:
    return cells(store.taken(tx, period), shift_hours=policy.counts == "shift_hours")


def list_flow_leads(
    tx: Transaction, employee_id: str, period: Period, what: str, page: Page
) -> tuple[Sequence[Row[Any]], str]:
    """`what`: taken, answered, unanswered or reassigned. Raises EmployeeNotFound, also for who is not the caller's."""
    roster.visible_person(tx, employee_id)
    return store.taken_leads(tx, employee_id, period, what, page)


def view_funnels(tx: Transaction, period: Period, *, wechat_only: bool) -> list[Funnel]:
    return funnels(store.counted(tx, period, wechat_only=wechat_only))


def list_funnel_leads(
    tx: Transaction, period: Period, funnel: Funnel, step: Step, page: Page, *, wechat_only: bool
) -> tuple[Sequence[Row[Any]], str]:
    """Leads that came to `step`; of `funnel` its kind, channel and grade count."""
    lead = tables.lead.c
    old = lead.channel.in_(sorted(OLD_CUSTOMERS))
    conditions: list[ColumnElement[bool]] = [old if funnel.old_customers else ~old]
    if funnel.channel:
        conditions.append(lead.channel == funnel.channel)
    if funnel.grade:
        conditions.append(lead.grade == funnel.grade)
    return store.funnel_leads(tx, period, step, conditions, page, wechat_only=wechat_only)
