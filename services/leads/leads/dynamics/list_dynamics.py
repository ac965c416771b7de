"""A customer's dynamics for who may see the customer (LD8.2)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.dynamics import store
from leads.dynamics.rules import Dynamic


def list_dynamics(tx: Transaction, customer_id: str, page: Page) -> tuple[Sequence[Dynamic], str]:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer_id = customers.load(tx, customer_id).customer_id
    found, token = page.cut(
        store.listed(tx, customer_id, page), lambda each: {"at": each[1].at.isoformat(), "key": each[0]}
    )
    return [dynamic for _, dynamic in found], token
