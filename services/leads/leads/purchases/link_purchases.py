"""A customer appears, or gets its number in the ERP: the orders that waited for it are its own now (LD9.1)."""

from __future__ import annotations

from collections.abc import Collection

from chassis.unit_of_work import Transaction
from leads.customers.firm_store import lock_firms
from leads.purchases import store
from leads.purchases.rules import Buyer, Buyers, Purchase


def link_purchases(tx: Transaction, customer_ids: Collection[str]) -> set[str]:
    """Customers whose purchases are others now."""
    appeared = store.buyers_of(tx, customer_ids)
    lock_firms(tx, {key for each in appeared for key in _keys(each)})
    codes, names = [each.customer_code for each in appeared], [each.name_key for each in appeared]
    waiting = store.told_of(tx, codes, names)
    if not waiting:
        return set()
    # Others that bear the same name decide with them whose an order is.
    buyers = Buyers(store.buyers(tx, [each.customer_code for each in waiting], [each.name_key for each in waiting]))
    found = [(each, buyers.linked(each)) for each in waiting]
    moved = [(was, now) for was, now in found if now.customer_id is not None and _link(now) != _link(was)]
    store.link(tx, [now for _, now in moved])
    return {each.customer_id for pair in moved for each in pair if each.customer_id is not None}


def _link(purchase: Purchase) -> tuple[str | None, str | None]:
    return purchase.customer_id, purchase.named_id


def _keys(buyer: Buyer) -> list[str]:
    return [each for each in (buyer.customer_code, buyer.name_key) if each]
