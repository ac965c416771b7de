"""A manager decides who takes over: one item, several, or all; before the move, or for what is held (LD10.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.assignment.assign_by_hand import AlreadyTheOwner, RepNotAvailable
from leads.handover import list_store, store
from leads.handover.rules import PENDING, HandoverIsOver, HandoverState, ItemNotFound
from leads.roster import store as roster

_OPEN = (HandoverState.DRAFTED.value, HandoverState.MOVING.value)


def decide_items(tx: Transaction, handover_id: str, item_ids: Collection[str], employee_id: str, reason: str) -> int:
    """How many items are the employee's now; no ids: all that have not moved. A customer takes its open leads along.

    The account is verified when the item moves. Raises HandoverNotFound, HandoverIsOver, ItemNotFound,
    EmployeeNotFound, RepNotAvailable.
    """
    list_store.load_managed(tx, handover_id)
    taker = roster.visible_person(tx, employee_id)
    row = store.lock(tx, handover_id)
    if row.state not in _OPEN:
        raise HandoverIsOver(state=row.state)
    if employee_id == row.employee_id:
        raise AlreadyTheOwner(name=taker.name)
    if taker.status != "active":
        raise RepNotAvailable(name=taker.name, status=taker.status)
    wanted = [each for each in _wanted(tx, handover_id, item_ids) if each.state in PENDING]
    fresh = {"planned_to": employee_id, "planned_by": tx.identity.subject, "plan_reason": reason}
    store.save_items(tx, [{"item_id": each.item_id, **fresh} for each in wanted])
    tx.audit(
        action="handover.decide",
        entity="handover",
        entity_id=handover_id,
        after={"employee_id": employee_id, "items": len(wanted), "all": not item_ids},
        why=reason,
    )
    return len(wanted)


def _wanted(tx: Transaction, handover_id: str, item_ids: Collection[str]) -> list[Row[Any]]:
    """Bundles: whoever names a lead that goes with its customer means the customer."""
    if not item_ids:
        return list(store.heads(tx, handover_id))
    named = store.items(tx, handover_id, item_ids)
    for each in set(item_ids) - {row.item_id for row in named}:
        raise ItemNotFound(item_id=each)
    return list(store.items(tx, handover_id, {row.goes_with or row.item_id for row in named}))
