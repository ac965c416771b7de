"""What a customer has bought, in figures; orders that were cancelled count nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from leads.tables import purchase

t = purchase.c


@dataclass(frozen=True)
class PurchaseFigures:
    """`amounts`: one per currency."""

    orders: int
    amounts: tuple[Money, ...]
    last_on: date | None


def purchase_figures(tx: Transaction, customer_id: str) -> PurchaseFigures:
    sums = func.count().label("orders"), func.sum(t.amount_fen).label("fen"), func.max(t.signed_on).label("last_on")
    of_customer = select(t.currency, *sums).where(t.customer_id == customer_id, t.state == "active")
    rows = tx.execute(of_customer.group_by(t.currency).order_by(t.currency)).all()
    return PurchaseFigures(
        sum(row.orders for row in rows),
        tuple(Money(int(row.fen), row.currency) for row in rows),
        max((row.last_on for row in rows), default=None),
    )
