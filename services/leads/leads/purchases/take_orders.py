"""The ERP's orders in the customers' files (LD9.1). What is told twice, late or in between changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.unit_of_work import Transaction
from leads.customers.firm_store import lock_firms
from leads.purchases import store
from leads.purchases.rules import Buyers, Purchase, newest, tells_more


def take_orders(tx: Transaction, told: Iterable[Purchase]) -> set[str]:
    """Customers whose purchases are others now. Unknown ones' orders wait for their customer."""
    latest = newest(told)
    # Who makes a customer of this code or name takes turns with this: no order is missed by both.
    lock_firms(tx, {key for each in latest.values() for key in (each.customer_code, each.name_key) if key})
    held = store.lock_held(tx, latest)
    news = [each for each in latest.values() if tells_more(each, held.get(each.order_number))]
    if not news:
        return set()
    buyers = Buyers(store.buyers(tx, [each.customer_code for each in news], [each.name_key for each in news]))
    kept = [buyers.linked(each) for each in news]
    # Brought along under the contract's number: the order itself takes its place.
    contracts = {each.contract_number for each in news} - {"", *latest}
    touched = store.forget_migrated(tx, contracts) if contracts else set()
    store.save(tx, kept)
    before = [held[each.order_number].customer_id for each in news if each.order_number in held]
    return touched | {each for each in (*before, *(each.customer_id for each in kept)) if each is not None}
