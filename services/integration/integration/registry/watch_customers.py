"""Customers whom the company register is asked about: all that are known to us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from integration.registry import store


@dataclass(frozen=True)
class Customer:
    customer_id: str
    version: int
    name: str
    uscc: str


def watch_customers(tx: Transaction, customers: Iterable[Customer]) -> None:
    """The newest word on each counts, whatever the order."""
    newest: dict[str, Customer] = {}
    for each in customers:
        if each.customer_id not in newest or newest[each.customer_id].version < each.version:
            newest[each.customer_id] = each
    store.watch(
        tx,
        (
            {"customer_id": each.customer_id, "customer_version": each.version, "name": each.name, "uscc": each.uscc}
            for each in newest.values()
        ),
    )
