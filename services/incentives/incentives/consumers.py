"""Event type → use case."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumer import Handler, on, on_batch
from chassis.events import Incoming
from chassis.unit_of_work import Transaction
from incentives import mapping
from incentives.deals.project_people import project_customers, project_employees
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_order import take_order
from incentives.deals.withdraw_evidence import withdraw_evidence

SIGNED_DOCUMENT = 5


def consumers(settlement: Settlement) -> list[Handler]:
    def order(tx: Transaction, event: Incoming) -> None:
        take_order(tx, mapping.order_in(event), settlement)

    def evidence(tx: Transaction, event: Incoming) -> None:
        if event.message.level == SIGNED_DOCUMENT:
            take_order(tx, mapping.signed_evidence_in(event), settlement)

    def withdrawn(tx: Transaction, event: Incoming) -> None:
        if event.message.level == SIGNED_DOCUMENT:
            withdraw_evidence(tx, mapping.withdrawal_in(event), settlement)

    return [
        on_batch("integration.employee_changed", _employees),
        on_batch("customers.created", _customers),
        on_batch("customers.updated", _customers),
        on("integration.order_received", order),
        on("integration.order_changed", order),
        on("forecast.evidence_added", evidence),
        on("forecast.evidence_withdrawn", withdrawn),
    ]


def _employees(tx: Transaction, events: Sequence[Incoming]) -> None:
    project_employees(tx, [mapping.employee_in(event) for event in events])


def _customers(tx: Transaction, events: Sequence[Incoming]) -> None:
    project_customers(tx, [mapping.customer_in(event) for event in events])
