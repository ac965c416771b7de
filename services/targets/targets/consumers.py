"""Event type → use case."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumer import on, on_batch
from chassis.events import Incoming
from chassis.feed_states import note_feed
from chassis.kernel.provenance import FeedState
from chassis.unit_of_work import Transaction
from targets import mapping
from targets.attainment.count_claim import count_claim, take_back
from targets.attainment.place_claims import place_claims
from targets.sales_history.load_sales import load_sales


def _employees_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    place_claims(tx, [mapping.employee_in(event.message) for event in events])


def _receipt_claimed(tx: Transaction, event: Incoming) -> None:
    count_claim(tx, mapping.claim_in(event.message))


def _receipt_unclaimed(tx: Transaction, event: Incoming) -> None:
    take_back(tx, claim_id=event.message.claim_id, reason=event.message.reason, actor=event.message.actor)


def _pos_sales_loaded(tx: Transaction, event: Incoming) -> None:
    said = event.message
    lines = [mapping.sales_in(line) for line in said.lines]
    load_sales(tx, region=said.region, month=said.month, load_id=said.load_id, lines=lines)


def _feed_degraded(tx: Transaction, event: Incoming) -> None:
    _note(tx, event, complete=False)


def _feed_recovered(tx: Transaction, event: Incoming) -> None:
    _note(tx, event, complete=True)


def _note(tx: Transaction, event: Incoming, *, complete: bool) -> None:
    said = event.message
    until = mapping.instant_in(said.complete_until) if said.HasField("complete_until") else None
    note_feed(tx, FeedState(said.feed, complete, until), event.time)


CONSUMERS = [
    on_batch("integration.employee_changed", _employees_changed),
    on("integration.receipt_claimed", _receipt_claimed),
    on("integration.receipt_unclaimed", _receipt_unclaimed),
    on("integration.pos_sales_loaded", _pos_sales_loaded),
    on("integration.feed_degraded", _feed_degraded),
    on("integration.feed_recovered", _feed_recovered),
]
