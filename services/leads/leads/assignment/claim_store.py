"""Whose the leads of a customer are: its owner's (LD1.3), while it is handed over, who takes it over (LD10.1)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.roster import store as roster
from leads.tables.handover import UNMOVED

i, h, c = tables.handover_item.c, tables.handover.c, tables.customer.c
# As the rules planned it or a manager decided; what is no longer the giver's is handed over no more.
_TAKER = (
    select(i.planned_to, i.handover_id, h.name.label("giver"))
    .join(tables.handover, h.handover_id == i.handover_id)
    .join(tables.customer, (c.customer_id == i.subject_id) & (c.owner_id == h.employee_id))
    .where(
        i.kind == "customer", i.state.in_(("waiting", "held")), i.planned_to != "", text(f"handover.state IN {UNMOVED}")
    )
)


@dataclass(frozen=True)
class Claim:
    """`version`: of the employee's account. `handover_id`: of whoever takes the customer over from `giver`."""

    employee_id: str
    version: int
    handover_id: str = ""
    giver: str = ""


def claim_of(tx: Transaction, customer_id: str) -> Claim | None:
    """None when the customer has no owner whom the roster knows."""
    whole_id = customers.whole_of(tx, customer_id)
    taker = tx.execute(_TAKER.where(i.subject_id == whole_id)).first()
    employee_id = taker.planned_to if taker else customers.owner_of(tx, whole_id)
    version = roster.version_of(tx, employee_id) if employee_id else None
    if version is None:
        return None
    return Claim(employee_id, version, taker.handover_id, taker.giver) if taker else Claim(employee_id, version)
