"""The split that the rules would make, shown to the manager before anything moves (LD10.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis import telemetry
from leads.assignment.assigner import Assigner
from leads.handover import store
from leads.handover.at_work import at_work
from leads.handover.choose_takers import plan, read_package
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import HandoverState

log = telemetry.logger()


def plan_splits(assigner: Assigner) -> int:
    """How many handovers got their plan. One that fails holds up no other."""
    policy = assigner.policies.current("handover")[1]
    planned = 0
    for row in at_work(assigner, HandoverState.DRAFTED):
        try:
            _plan(assigner, row, policy)
            planned += 1
        except Exception:
            log.exception("handover.plan_failed", handover_id=row.handover_id)
    return planned


def _plan(assigner: Assigner, row: Row[Any], policy: HandoverPolicy) -> None:
    """What a manager decided meanwhile stays; a replica that was faster too."""
    chosen = plan(assigner, read_package(assigner, row), policy)
    with assigner.uow.begin(assigner.identity) as tx:
        if store.lock(tx, row.handover_id).planned_at is not None:
            return
        undecided = [each for each in store.heads(tx, row.handover_id) if not each.planned_by]
        store.save_items(
            tx,
            [
                {
                    "item_id": each.item_id,
                    "planned_to": choice.employee_id if choice else "",
                    "planned_by": "rules" if choice else "",
                    "parts": choice.parts if choice else None,
                }
                for each in undecided
                for choice in [chosen.get(each.item_id)]
            ],
        )
        store.change(tx, row.handover_id, planned_at=tx.now)
        tx.commit()
