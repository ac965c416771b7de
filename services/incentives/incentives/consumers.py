"""Event type → use case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chassis.consumer import Handler, on_batch, on_behalf_of
from chassis.events import Incoming
from chassis.unit_of_work import Transaction
from incentives import mapping
from incentives.deals.project_people import project_customers, project_employees, project_merges
from incentives.deals.rules import OrderSource, Withdrawal
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_orders import Told, take_orders

SIGNED_DOCUMENT = 5
Read = Callable[[Incoming], OrderSource | Withdrawal]
EVIDENCE: dict[str, Read] = {
    "forecast.evidence_added": mapping.signed_evidence_in,
    "forecast.evidence_withdrawn": mapping.withdrawal_in,
}
FACTS: dict[str, Read] = {
    "integration.order_received": mapping.order_in,
    "integration.order_changed": mapping.order_in,
    **EVIDENCE,
}


def consumers(settlement: Settlement) -> list[Handler]:
    def orders(tx: Transaction, events: Sequence[Incoming]) -> None:
        """What comes in one poll is settled together, each on its own event's behalf."""
        told = [Told(fact, partial(on_behalf_of, tx, each)) for each in events if (fact := _fact(each)) is not None]
        if told:
            take_orders(tx, told, settlement)

    return [
        on_batch("integration.employee_changed", _employees),
        on_batch("customers.created", _customers),
        on_batch("customers.updated", _customers),
        on_batch("customers.merged", _merges),
        on_batch("customers.unmerged", _merges),
        *(on_batch(type, orders) for type in FACTS),
    ]


def _fact(event: Incoming) -> OrderSource | Withdrawal | None:
    """None for evidence that is less than a signed document."""
    if event.type in EVIDENCE and event.message.level != SIGNED_DOCUMENT:
        return None
    return FACTS[event.type](event)


def _employees(tx: Transaction, events: Sequence[Incoming]) -> None:
    project_employees(tx, [mapping.employee_in(event) for event in events])


def _customers(tx: Transaction, events: Sequence[Incoming]) -> None:
    project_customers(tx, [mapping.customer_in(event) for event in events])


def _merges(tx: Transaction, events: Sequence[Incoming]) -> None:
    project_merges(tx, [mapping.merge_in(event.message) for event in events])
