"""SQL of the deals that claims are measured by: imported ones and our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, cast, select, union_all
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.calendar import instant, local_date
from chassis.unit_of_work import Transaction
from forecast.credibility.rules import Deal
from forecast.opportunities.rules import OPEN, Stage
from forecast.policy import CredibilityPolicy
from forecast.tables import employee, opportunity, past_deal

_WON = (Stage.WON.value, Stage.COLLECTED.value)
_OPEN = tuple(stage.value for stage in OPEN)
# A claim is judged for whoever made it, though the deal may have come to somebody else since.
_OWNERS = opportunity.c.claimed_by == ""


def insert_past_deals(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many were new."""
    new = insert(past_deal).values(list(rows)).on_conflict_do_nothing().returning(past_deal.c.external_id)
    return len(tx.execute(new).all())


def deals_of_unit(tx: Transaction, unit: str, policy: CredibilityPolicy) -> dict[str, list[Deal]]:
    """Owner → deals that ended in the window or are overdue, for everybody who works in the unit."""
    members = select(employee.c.employee_id).where(employee.c.unit == unit)
    own = opportunity.c.owner_id.in_(members) & _OWNERS | opportunity.c.claimed_by.in_(members)
    return _deals(tx, policy, past_deal.c.owner_id.in_(members), own)


def deals_of(tx: Transaction, employee_id: str, policy: CredibilityPolicy) -> list[Deal]:
    own = (opportunity.c.owner_id == employee_id) & _OWNERS | (opportunity.c.claimed_by == employee_id)
    mine = _deals(tx, policy, past_deal.c.owner_id == employee_id, own)
    return mine.get(employee_id, [])


def _deals(
    tx: Transaction, policy: CredibilityPolicy, imported: ColumnElement[bool], own: ColumnElement[bool]
) -> dict[str, list[Deal]]:
    since = tx.now - timedelta(days=policy.window_days)
    overdue_before = local_date(tx.now) - timedelta(days=policy.overdue_days)
    past = select(
        past_deal.c.owner_id,
        past_deal.c.external_id.label("deal_id"),
        past_deal.c.name,
        past_deal.c.last_claim,
        past_deal.c.won,
        past_deal.c.closed_at,
        past_deal.c.expected_close,
    ).where(imported, past_deal.c.closed_at >= since)
    ours = select(
        case((_OWNERS, opportunity.c.owner_id), else_=opportunity.c.claimed_by).label("owner_id"),
        cast(opportunity.c.opportunity_id, past_deal.c.external_id.type).label("deal_id"),
        opportunity.c.name,
        opportunity.c.submitted.label("last_claim"),
        opportunity.c.stage.in_(_WON).label("won"),
        opportunity.c.closed_at,
        opportunity.c.expected_close,
    )
    closed = ours.where(own, opportunity.c.closed_at >= since)
    overdue = ours.where(own, opportunity.c.stage.in_(_OPEN), opportunity.c.expected_close < overdue_before)
    found: dict[str, list[Deal]] = {}
    for row in tx.execute(union_all(past, closed, overdue)):
        late = row.closed_at is None
        ended = row.closed_at or instant(row.expected_close + timedelta(days=policy.overdue_days))
        deal = Deal(row.deal_id, row.name, row.last_claim, row.won and not late, ended, overdue=late)
        found.setdefault(row.owner_id, []).append(deal)
    return found
