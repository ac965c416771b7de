"""Take what a source says about an order."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.rules import OrderSource
from incentives.deals.settle_deals import Settlement, settle_deals
from incentives.ledger.store import lock_books
from incentives.slips.store import move_slips


def take_order(tx: Transaction, said: OrderSource, settlement: Settlement) -> None:
    """Once per version; an older one than that known changes nothing."""
    lock_books(tx)
    held = store.held_source(tx, said.source, said.source_id)
    if held is not None and held.version >= said.version:
        return
    store.save_source(tx, said)
    keys = {said.deal_key} if held is None else {said.deal_key, held.deal_key}
    for key in keys - {said.deal_key}:
        if not store.sources_of(tx, key):
            move_slips(tx, key, said.deal_key, said.contract_number)
            store.move_split(tx, key, said.deal_key)
    settle_deals(tx, keys, settlement)
