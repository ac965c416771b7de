"""What is heard of customers that were handed over: lost, or won back within the window (LD10.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row

from chassis.errors import FailedPrecondition
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.handover import list_store, loss_store, store
from leads.handover.loss_rules import Heard, Loss, LossWhy, is_watched


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


def opportunity_ended(tx: Transaction, opportunity_id: str) -> None:
    """Won or lost, as the service track holds it."""
    customer_id = loss_store.customer_of_opportunity(tx, opportunity_id)
    judge_losses(tx, [customer_id] if customer_id else [])


def judge_losses(tx: Transaction, named: Collection[str]) -> None:
    """Something is heard of these customers: judged anew by all that is known, with the handovers locked in one order
    before it is read, so that it makes no difference what is told first. What somebody reported stays reported.
    """
    customer_ids = customers.groups_of(tx, named)
    if not customer_ids:
        return
    handovers = store.lock_all(tx, loss_store.handovers_of(tx, customer_ids))
    items = loss_store.moved_items(tx, handovers, customer_ids) if handovers else []
    if not items:
        return
    known = _heard_of(tx, customer_ids)
    found = [
        (item, known[item.whole_id].loss_within(item.moved_at, handovers[item.handover_id].loss_until))
        for item in items
    ]
    store.save_items(tx, [_line(item, loss) for item, loss in found if item.lost_at != (loss.at if loss else None)])


def _heard_of(tx: Transaction, customer_ids: Collection[str]) -> Mapping[str, Heard]:
    found: dict[str, Heard] = defaultdict(Heard)
    for deal in loss_store.ended_opportunities(tx, customer_ids):
        if deal.state == "lost":
            found[deal.whole_id].losses.append(Loss(deal.closed_at, deal.title))
        elif deal.state == "won":
            found[deal.whole_id].won.append(deal.closed_at)
    for order in loss_store.orders(tx, customer_ids):
        found[order.whole_id].signed.append(order.signed_on)
    return found


def _line(item: Row[Any], loss: Loss | None) -> dict[str, Any]:
    if loss is None:
        return {"item_id": item.item_id, "lost_at": None, "lost_why": "", "lost_by": "", "lost_reason": ""}
    why = LossWhy.OPPORTUNITY_LOST.value
    return {"item_id": item.item_id, "lost_at": loss.at, "lost_why": why, "lost_by": "", "lost_reason": loss.reason}
