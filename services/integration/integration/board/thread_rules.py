"""The documents of one contract put together: what each side says by a day, and when that changes by itself (N5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from integration.board.rules import OrderSides, Sides


@dataclass(frozen=True)
class Document:
    """Whose it is, how much and from which day it counts."""

    customer_code: str
    customer_name: str
    currency: str
    fen: int
    day: date


@dataclass(frozen=True)
class SoldOrder(Document):
    order_id: str
    contract_number: str = ""
    salesperson_id: str = ""
    active: bool = True


@dataclass(frozen=True)
class DueAmount(Document):
    salesperson_id: str = ""


@dataclass(frozen=True)
class Paper(Document):
    """A delivery or an invoice: its amount is below zero when it takes something back."""

    order_id: str = ""


@dataclass(frozen=True)
class Paid(Document):
    """A claim that stands. `day`: booked, or matured. `fee_fen`: kept by a bank on the way."""

    fee_fen: int = 0


@dataclass
class Documents:
    """Of one thread and one currency."""

    orders: list[SoldOrder] = field(default_factory=list)
    due: list[DueAmount] = field(default_factory=list)
    deliveries: list[Paper] = field(default_factory=list)
    invoices: list[Paper] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)

    @property
    def every(self) -> list[Document]:
        return [*self.orders, *self.due, *self.deliveries, *self.invoices, *self.paid]

    @property
    def first_order(self) -> SoldOrder | None:
        return min(self.orders, key=lambda each: (each.day, each.order_id), default=None)

    @property
    def first_due(self) -> DueAmount | None:
        return min(self.due, key=lambda each: each.day, default=None)


@dataclass(frozen=True)
class Figures:
    """For people: what the sides of a thread add up to. `draft_fen`: claimed on drafts that have not matured."""

    sides: Sides
    contract_fen: int
    due_fen: int
    delivered_fen: int
    received_fen: int
    fee_fen: int
    invoiced_fen: int
    draft_fen: int
    changes_on: date | None


def by_currency(documents: Documents) -> dict[str, Documents]:
    """Amounts of different currencies are not compared."""
    return {currency: _only(documents, currency) for currency in sorted({each.currency for each in documents.every})}


def _only(documents: Documents, currency: str) -> Documents:
    return Documents(
        [each for each in documents.orders if each.currency == currency],
        [each for each in documents.due if each.currency == currency],
        [each for each in documents.deliveries if each.currency == currency],
        [each for each in documents.invoices if each.currency == currency],
        [each for each in documents.paid if each.currency == currency],
    )


def figures_of(documents: Documents, today: date) -> Figures:
    counted = [each for each in documents.paid if each.day <= today]
    fallen = [each for each in documents.due if each.day <= today]
    changing: list[Document] = [*documents.paid, *documents.due]
    ahead = [each.day for each in changing if each.day > today]
    received, fees = sum(each.fen for each in counted), sum(each.fee_fen for each in counted)
    sides = Sides(
        contract=_entered(documents),
        due=sum(each.fen for each in fallen) if documents.due else None,
        planned=max(sum(each.fen for each in documents.due), _active(documents)),
        delivered=_total(documents.deliveries),
        received=received + fees if counted else None,
        invoiced=_total(documents.invoices),
        cancelled=bool(documents.orders) and not any(each.active for each in documents.orders),
        orders=tuple(_orders(documents)),
    )
    return Figures(
        sides=sides,
        contract_fen=_active(documents),
        due_fen=sides.due or 0,
        delivered_fen=sides.delivered or 0,
        received_fen=received,
        fee_fen=fees,
        invoiced_fen=sides.invoiced or 0,
        draft_fen=sum(each.fen for each in documents.paid if each.day > today),
        changes_on=min(ahead, default=None),
    )


def _entered(documents: Documents) -> int | None:
    """A contract is entered when one of the orders names it."""
    return _active(documents) if any(each.contract_number for each in documents.orders) else None


def _active(documents: Documents) -> int:
    return sum(each.fen for each in documents.orders if each.active)


def _total(papers: list[Paper]) -> int | None:
    return sum(each.fen for each in papers) if papers else None


def _orders(documents: Documents) -> Iterator[OrderSides]:
    for order in documents.orders:
        if order.active:
            delivered = [each for each in documents.deliveries if each.order_id == order.order_id]
            invoiced = [each for each in documents.invoices if each.order_id == order.order_id]
            yield OrderSides(order.order_id, order.fen, _total(delivered), _total(invoiced))
