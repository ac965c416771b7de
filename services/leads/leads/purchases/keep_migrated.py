"""Orders from before this system, brought along by an import (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from leads.customers.firm_store import lock_firms
from leads.purchases import store
from leads.purchases.rules import Buyers, Purchase, newest


@dataclass(frozen=True)
class Kept:
    """`refused`: numbers that are held already. `customers`: whose purchases are others now."""

    refused: frozenset[str]
    customers: frozenset[str]


def keep_migrated(tx: Transaction, brought: Sequence[Purchase]) -> Kept:
    """What the ERP tells of, and what was brought along before, stays as it is: such numbers are refused.

    A `customer_id` that is given stands; else the customer is looked for as for the ERP's orders.
    """
    latest = newest(brought)
    lock_firms(tx, {key for each in latest.values() for key in (each.customer_code, each.name_key) if key})
    refused = set(store.lock_held(tx, latest)) | store.numbers_of_erp(tx, latest)
    new = [each for number, each in latest.items() if number not in refused]
    buyers = Buyers(store.buyers(tx, [each.customer_code for each in new], [each.name_key for each in new]))
    kept = [each if each.customer_id else buyers.linked(each) for each in new]
    store.save(tx, kept)
    return Kept(frozenset(refused), frozenset(each.customer_id for each in kept if each.customer_id))
