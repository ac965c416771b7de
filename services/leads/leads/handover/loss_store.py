"""SQL of what is told of customers that were handed over; merged ones count as one (LD1.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from chassis.unit_of_work import Transaction
from leads import tables
from leads.handover.loss_rules import LossWhy
from leads.handover.rules import ItemState
from leads.service_track.rules import Kind

i, _deal, _order, _customer = (
    each.c for each in (tables.handover_item, tables.service_record, tables.purchase, tables.customer)
)
_WHOLE = func.coalesce(_customer.merged_into, _customer.customer_id).label("whole_id")


def customer_of_opportunity(tx: Transaction, opportunity_id: str) -> str | None:
    query = select(_deal.customer_id).where(_deal.kind == Kind.OPPORTUNITY.value, _deal.reference == opportunity_id)
    return tx.execute(query).scalar()


def handovers_of(tx: Transaction, customer_ids: Collection[str]) -> Sequence[str]:
    query = select(i.handover_id).where(i.subject_id.in_(customer_ids), i.kind == "customer").distinct()
    return tx.execute(query).scalars().all()


def moved_items(tx: Transaction, handover_ids: Collection[str], customer_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Whose loss nobody has reported."""
    moved = i.state.in_((ItemState.MOVED.value, ItemState.PASSED_ON.value))
    query = select(tables.handover_item, _WHOLE).join(tables.customer, _customer.customer_id == i.subject_id)
    theirs = query.where(i.handover_id.in_(handover_ids), i.subject_id.in_(customer_ids), i.kind == "customer", moved)
    return tx.execute(theirs.where(i.lost_why != LossWhy.REPORTED.value)).all()


def ended_opportunities(tx: Transaction, customer_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Won and lost ones, with the reason as their title."""
    query = select(_WHOLE, _deal.state, _deal.closed_at, _deal.title).join(
        tables.customer, _customer.customer_id == _deal.customer_id
    )
    return tx.execute(_of(query, _deal, customer_ids).where(_deal.kind == Kind.OPPORTUNITY.value)).all()


def orders(tx: Transaction, customer_ids: Collection[str]) -> Sequence[Row[Any]]:
    """The days on which they signed one that stands."""
    query = select(_WHOLE, _order.signed_on).join(tables.customer, _customer.customer_id == _order.customer_id)
    return tx.execute(_of(query, _order, customer_ids).where(_order.state == "active").distinct()).all()


def _of(query: Select[Any], of: Any, customer_ids: Collection[str]) -> Select[Any]:
    return query.where(of.customer_id.in_(customer_ids))
