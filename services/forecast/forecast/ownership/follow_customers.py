"""Open deals go with their customer to whoever has it (LD10.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.unit_of_work import Transaction
from forecast.ownership import store
from forecast.ownership.rules import Holder, OpportunityOwnerChanged, Step, steps


def note_owners(tx: Transaction, changes: Sequence[Mapping[str, Any]]) -> None:
    """Customers came to other owners: told late, twice or in another order, it ends alike."""
    store.take_turns(tx)
    store.keep_changes(tx, changes)
    follow_customers(tx, {each["customer_id"] for each in changes})


def follow_customers(tx: Transaction, customer_ids: Collection[str]) -> None:
    """What is known of them by now is done to their open deals. Turns are taken by the caller."""
    deals = store.lock_open_deals(tx, customer_ids)
    changes = store.changes_of(tx, {each.customer_id for each in deals})
    taken = [(deal, list(steps(_holder(deal), changes[deal.customer_id]))) for deal in deals]
    moved = [(deal, way[-1]) for deal, way in taken if way]
    if not moved:
        return
    store.move(tx, moved)
    store.keep_steps(tx, [(deal, step) for deal, way in taken for step in way])
    for deal, last in moved:
        tx.record(_told(deal, last))
    tx.audit_all([_audited(deal, last) for deal, last in moved])


def _holder(deal: Row[Any]) -> Holder:
    return Holder(deal.owner_id, deal.unit, deal.came_at or deal.created_at, deal.came_from)


def _told(deal: Row[Any], last: Step) -> OpportunityOwnerChanged:
    after, change = last.after, last.change
    return OpportunityOwnerChanged(
        deal.opportunity_id,
        change.customer_id,
        deal.owner_id,
        after.owner_id,
        after.unit,
        change.handover_id,
        change.at,
    )


def _audited(deal: Row[Any], last: Step) -> Entry:
    return Entry(
        action="opportunity.follow_customer",
        entity="opportunity",
        entity_id=deal.opportunity_id,
        before={"owner_id": deal.owner_id, "unit": deal.unit},
        after={
            "owner_id": last.after.owner_id,
            "unit": last.after.unit,
            "customer_id": last.change.customer_id,
            "handover_id": last.change.handover_id,
        },
    )
