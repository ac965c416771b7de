"""A customer is in the unit of its owner, wherever the owner moves."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, select

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store
from leads.customers.events import CustomerUpdated

t = tables.customer.c


def follow_owners(tx: Transaction, employee_ids: Collection[str]) -> int:
    """How many customers moved. What its owner is to hand over stays where it is until then (LD10.1)."""
    rep, given = tables.rep.c, tables.handover.c
    handed_over = exists().where(given.employee_id == t.owner_id, given.state.in_(("opening", "drafted", "moving")))
    moved = (
        select(tables.customer, rep.unit.label("new_unit"))
        .join(tables.rep, rep.employee_id == t.owner_id)
        .where(t.owner_id.in_(set(employee_ids)), rep.unit != "", rep.unit != t.unit, ~handed_over)
        .order_by(t.customer_id)
        .with_for_update(of=tables.customer)
    )
    found = [(store.from_row(row), row.new_unit) for row in tx.execute(moved)]
    changed = store.save_all(
        tx, [(customer, {"unit": unit, "by_itself": customer.by_itself + 1}) for customer, unit in found]
    )
    for facts in store.facts_of(tx, changed):
        tx.record(CustomerUpdated(facts, facts.customer_id))
    return len(changed)
