"""What was merged into a customer (LD1.4). What is told of a merged record since is seen beside what stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.customer_merge import rules, store
from leads.customers import store as customers
from leads.customers.rules import Customer


@dataclass(frozen=True)
class Shown:
    """A merge with the record beneath as it reads today; field → the customer's value and the record's."""

    merge: Row[Any]
    beneath: Customer
    differences: Mapping[str, Any]


def list_merges(tx: Transaction, customer_id: str) -> list[Shown]:
    """The newest first; undone ones while the caller may see both customers.

    Raises CustomerNotFound, also for a customer that is not the caller's to see.
    """
    customer = customers.load(tx, customer_id)
    return [
        Shown(merge, beneath, rules.differences(customer, beneath) if merge.unmerged_at is None else merge.differences)
        for merge, beneath in store.merges_of(tx, customer.customer_id)
        if merge.unmerged_at is None or tx.identity.may_see(beneath.owner_id, beneath.unit)
    ]
