"""Give up an order that rested on a signed document which was withdrawn; an order that the ERP knows stands."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.rules import OPPORTUNITY, Withdrawal, withdrawn
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_order import take_order
from incentives.ledger.store import lock_books


def withdraw_evidence(tx: Transaction, said: Withdrawal, settlement: Settlement) -> None:
    lock_books(tx)
    changed = withdrawn(store.held_source(tx, OPPORTUNITY, said.opportunity_id), said)
    if changed is not None:
        take_order(tx, changed, settlement)
