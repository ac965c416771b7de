"""Event type → use case."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumer import on, on_batch
from chassis.events import Incoming
from chassis.feed_states import note_feed
from chassis.kernel.provenance import FeedState
from chassis.unit_of_work import Transaction
from forecast.collections import store as collections
from forecast.mapping import inward
from forecast.opportunities.open_opportunity import open_opportunity
from forecast.ownership.follow_customers import follow_customers, note_owners
from forecast.ownership.store import take_turns
from forecast.roster.store import merge_customers, upsert_customers, upsert_employees


def _employees_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    upsert_employees(tx, [inward.employee(event.message) for event in events])


def _customers_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    facts = sorted((event.message.customer for event in events), key=lambda each: each.version)
    newest = {each.customer_id: each for each in facts}
    columns = ("customer_id", "version", "customer_code", "name")
    upsert_customers(tx, [{name: getattr(each, name) for name in columns} for each in newest.values()])


def _customers_merged(tx: Transaction, events: Sequence[Incoming]) -> None:
    """A merge names the customer that goes on; an un-merge none."""
    take_turns(tx)
    merge_customers(tx, [inward.merged_customer(event.message) for event in events])
    follow_customers(tx, {event.message.merged_id for event in events})


def _owners_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    note_owners(tx, [inward.owner_change(event) for event in events])


def _lead_converted(tx: Transaction, event: Incoming) -> None:
    """Its customer may have come to somebody else already, by a word that was faster."""
    lead = inward.converted(event.message)
    take_turns(tx)
    open_opportunity(tx, lead)
    follow_customers(tx, [lead.customer_id])


def _order_told(tx: Transaction, event: Incoming) -> None:
    order = event.message.order
    collections.upsert_order(
        tx,
        order_id=order.order_id,
        version=order.version,
        contract_number=order.contract_number,
        state=order.state,
    )


def _receipt_claimed(tx: Transaction, event: Incoming) -> None:
    said = event.message
    collections.count_claim(
        tx,
        claim_id=said.claim_id,
        receipt_id=said.receipt_id,
        contract_number=said.contract_number,
        amount=inward.money(said.amount),
    )


def _receipt_unclaimed(tx: Transaction, event: Incoming) -> None:
    collections.take_back(tx, event.message.claim_id)


def _feed_degraded(tx: Transaction, event: Incoming) -> None:
    _note(tx, event, complete=False)


def _feed_recovered(tx: Transaction, event: Incoming) -> None:
    _note(tx, event, complete=True)


def _note(tx: Transaction, event: Incoming, *, complete: bool) -> None:
    said = event.message
    until = inward.instant(said.complete_until) if said.HasField("complete_until") else None
    note_feed(tx, FeedState(said.feed, complete, until), event.time)


CONSUMERS = [
    on_batch("integration.employee_changed", _employees_changed),
    on_batch("customers.created", _customers_changed),
    on_batch("customers.updated", _customers_changed),
    on_batch("customers.merged", _customers_merged),
    on_batch("customers.unmerged", _customers_merged),
    on_batch("customers.owner_changed", _owners_changed),
    on("leads.converted", _lead_converted),
    on("integration.order_received", _order_told),
    on("integration.order_changed", _order_told),
    on("integration.receipt_claimed", _receipt_claimed),
    on("integration.receipt_unclaimed", _receipt_unclaimed),
    on("integration.feed_degraded", _feed_degraded),
    on("integration.feed_recovered", _feed_recovered),
]
