"""The new owner tells the customer, with the words of the template (LD10.1).

Nothing is sent from here: WeCom and the telephone are the owner's, and a customer hears of a new contact from that
contact. The words are ready with each item; once the owner says they were sent, the customer's interactions show it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customer_grades.mark_customers import mark_customers
from leads.handover import list_store, store
from leads.handover.message_rules import message
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import ItemNotFound, ItemState, NotYourSide
from leads.interactions import store as interactions
from leads.interactions.rules import Interaction, Source
from leads.roster import store as roster


def inform_customers(
    tx: Transaction, handover_id: str, item_ids: Collection[str], channel: str, policy: HandoverPolicy
) -> int:
    """How many were told; who was told already is not told again. No ids: all customers that the caller took over.

    Raises HandoverNotFound, ItemNotFound, NotYourSide.
    """
    handover = list_store.load(tx, handover_id)
    store.lock(tx, handover_id)
    found = store.items(tx, handover_id, item_ids or None)
    for each in set(item_ids) - {item.item_id for item in found}:
        raise ItemNotFound(item_id=each)
    mine = [
        item
        for item in found
        if item.kind == "customer" and item.state == ItemState.MOVED.value and item.taker_id == tx.identity.subject
    ]
    if not mine:
        raise NotYourSide(side="taker", side_zh="接收人")
    fresh = [item for item in mine if item.informed_at is None]
    taker = roster.person(tx, tx.identity.subject).name
    told = {"informed_at": tx.now, "informed_by": tx.identity.subject, "informed_channel": channel}
    store.save_items(tx, [{"item_id": item.item_id, **told} for item in fresh])
    interactions.keep(
        tx, [_interaction(tx, item, channel, message(policy, item.name, handover.name, taker)[1]) for item in fresh]
    )
    mark_customers(tx, {item.subject_id for item in fresh})
    tx.audit(action="handover.inform", entity="handover", entity_id=handover_id, after={"customers": len(fresh)})
    return len(fresh)


def _interaction(tx: Transaction, item: Row[Any], channel: str, words: str) -> Interaction:
    return Interaction(
        reference=new_id(),
        channel=channel,
        direction="outbound",
        outcome="delivered",
        source=Source.HANDOVER,
        customer_id=item.subject_id,
        lead_id=None,
        by=tx.identity.subject,
        at=tx.now,
        text=words,
    )
