"""Open a plan over some months."""

from __future__ import annotations

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from targets.plans import store
from targets.plans.rules import PlanNotFound, PlanOverlaps, months_of


def create_plan(tx: Transaction, *, name: str, first_month: str, months: int, category: str) -> Row[tuple[object, ...]]:
    """Raises PlanOverlaps when another plan of the category covers one of the months."""
    covered = months_of(first_month, months)
    store.serialise_planning(tx, category)
    taken = store.overlapping(tx, category, covered[0], covered[-1])
    if taken is not None:
        raise PlanOverlaps(name=taken.name, month=max(taken.first_month, covered[0]))
    plan_id = new_id()
    values = {
        "plan_id": plan_id,
        "name": name,
        "first_month": covered[0],
        "last_month": covered[-1],
        "category": category,
        "created_by": tx.identity.subject,
        "created_at": tx.now,
    }
    store.insert_plan(tx, values)
    tx.audit(action="plan.create", entity="plan", entity_id=plan_id, after=values)
    return get_plan(tx, plan_id)


def get_plan(tx: Transaction, plan_id: str) -> Row[tuple[object, ...]]:
    """Raises PlanNotFound."""
    found = store.load_plan(tx, plan_id)
    if found is None:
        raise PlanNotFound()
    return found
