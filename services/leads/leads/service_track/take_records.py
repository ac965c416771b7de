"""What integration and forecast tell of a customer's deals, deliveries and service calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chassis.unit_of_work import Transaction
from leads.service_track import store
from leads.service_track.rules import Record, taken_over


def take_records(tx: Transaction, told: Sequence[Record]) -> None:
    """Told twice, late or in between changes nothing."""
    held = store.lock_held(tx, {(each.kind.value, each.reference) for each in told})
    news: dict[tuple[str, str], Record] = {}
    for each in told:
        key = each.kind.value, each.reference
        taken = taken_over(each, held.get(key))
        if taken is not None:
            held[key] = news[key] = taken
    store.keep(tx, list(news.values()))


def take_opportunity(tx: Transaction, told: Record, lead_id: str) -> None:
    """Where the event names no customer, it is the lead's."""
    customer_id = told.customer_id or store.customers_of_leads(tx, [lead_id]).get(lead_id)
    take_records(tx, [replace(told, customer_id=customer_id)])
