"""Something happened around customers: they are graded anew within seconds, and each night all of them (LD2.2)."""

from __future__ import annotations

from collections.abc import Collection

from chassis.identity import of_service
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.customer_grades import store


def mark_customers(tx: Transaction, customer_ids: Collection[str], lead_ids: Collection[str] = ()) -> None:
    """Customers, and those of the leads."""
    if wanted := set(customer_ids) - {""}:
        store.mark(tx, wanted)
    if leads := set(lead_ids) - {""}:
        store.mark_of_leads(tx, leads)


def mark_all(tx: Transaction, why: str) -> int:
    """How many wait then."""
    store.mark_all(tx)
    waiting = store.waiting(tx)
    tx.audit(action="customers.regrade", entity="customers", entity_id="all", after={"customers": waiting}, why=why)
    return waiting


def mark_nightly(uow: UnitOfWork) -> None:
    """Days pass without any event: orders of a year ago count no more, contacts fade."""
    with uow.begin(of_service(uow.service)) as tx:
        mark_all(tx, "nightly")
        tx.commit()
