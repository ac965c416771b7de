"""What is heard of customers that were handed over: lost, or won back within the window (LD10.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from chassis.errors import FailedPrecondition
from chassis.kernel.calendar import instant
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.handover import list_store, store
from leads.handover.loss_rules import LossWhy, is_watched
from leads.handover.rules import ItemState

i, _lead, _order = tables.handover_item.c, tables.lead.c, tables.purchase.c


class NotACustomer(FailedPrecondition):
    en = "{name} is no customer: only customers can be lost."
    zh = "{name} 不是客户，仅客户可登记流失。"


class WindowIsOver(FailedPrecondition):
    en = "The handover is watched until {until}: this loss is no longer its own."
    zh = "该交接的观察期已于 {until} 结束，此流失不再计入。"


def report_loss(tx: Transaction, handover_id: str, item_id: str, reason: str) -> Row[Any]:
    """The first report stays. Raises HandoverNotFound, ItemNotFound, NotACustomer, WindowIsOver."""
    handover = list_store.load(tx, handover_id)
    row = store.lock(tx, handover_id)
    item = list_store.item(tx, handover, item_id)
    if item.kind != "customer":
        raise NotACustomer(name=item.name)
    if not is_watched(tx.now, item.moved_at, row.loss_until):
        raise WindowIsOver(until=row.loss_until.isoformat() if row.loss_until else "")
    if item.lost_why != LossWhy.REPORTED.value:
        lost = {"lost_at": tx.now, "lost_why": LossWhy.REPORTED.value, "lost_by": tx.identity.subject}
        store.save_items(tx, [{"item_id": item_id, **lost, "lost_reason": reason}])
        tx.audit(action="handover.report_loss", entity="handover_item", entity_id=item_id, after=lost, why=reason)
    return list_store.item(tx, handover, item_id)


def opportunity_lost(tx: Transaction, lead_id: str, reason: str, at: datetime) -> None:
    """The event names the lead; the lead its customer."""
    customer_id = tx.execute(select(_lead.customer_id).where(_lead.lead_id == lead_id)).scalar() if lead_id else None
    for item in _watched(tx, [customer_id] if customer_id else [], at):
        if item.lost_at is None:
            lost = {"lost_at": at, "lost_why": LossWhy.OPPORTUNITY_LOST.value, "lost_by": "", "lost_reason": reason}
            store.save_items(tx, [{"item_id": item.item_id, **lost}])


def won_back(tx: Transaction, customer_ids: Iterable[str], at: datetime) -> None:
    """Something was won or ordered after the loss: the customer is still one. What somebody reported stays reported."""
    for item in _watched(tx, list(customer_ids), at):
        if item.lost_why == LossWhy.OPPORTUNITY_LOST.value and item.lost_at <= at:
            found = {"lost_at": None, "lost_why": "", "lost_by": "", "lost_reason": ""}
            store.save_items(tx, [{"item_id": item.item_id, **found}])


def ordered(tx: Transaction, customer_ids: Collection[str]) -> None:
    """Something is heard of their orders: whoever has signed one on the day of the loss or later still buys."""
    since = select(_order.customer_id, func.max(_order.signed_on).label("day"))
    bought = since.where(_order.customer_id.in_(set(customer_ids)), _order.state == "active")
    for row in tx.execute(bought.group_by(_order.customer_id)).all():
        won_back(tx, [row.customer_id], instant(row.day + timedelta(days=1)) - timedelta(seconds=1))


def _watched(tx: Transaction, named: Collection[str], at: datetime) -> list[Row[Any]]:
    """Their items in handovers whose window holds the instant, with those handovers locked in order; also items of what
    they were merged with.
    """
    customer_ids = customers.groups_of(tx, named)
    if not customer_ids:
        return []
    query = select(i.handover_id).where(i.subject_id.in_(customer_ids), i.kind == "customer").distinct()
    rows = store.lock_all(tx, tx.execute(query).scalars().all())
    moved = i.state.in_((ItemState.MOVED.value, ItemState.PASSED_ON.value))
    items = select(tables.handover_item).where(
        i.handover_id.in_(rows), i.subject_id.in_(customer_ids), i.kind == "customer", moved
    )
    return [each for each in tx.execute(items) if is_watched(at, each.moved_at, rows[each.handover_id].loss_until)]
