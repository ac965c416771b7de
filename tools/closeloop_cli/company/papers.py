"""What the ERP writes about orders on their way: deliveries and invoices. As in any company, a few don't match."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from closeloop_cli.company.contracts import Order, Receivable

# Every so many-th order waits for its goods, for its invoice, has an invoice that was taken back and written anew, or
# one that is too high.
NOT_DELIVERED, NOT_INVOICED, REWRITTEN, TOO_HIGH = 9, 11, 13, 17
WRONG, DUE_BY = Decimal("10000.00"), date(2026, 3, 9)


def deliveries(orders: Sequence[Order]) -> list[dict[str, Any]]:
    return [
        _paper(order, "DeliveryId", f"DN-{number:05d}", "DeliveredOn", 12, order.amount)
        for number, order in enumerate(orders, start=1)
        if number % NOT_DELIVERED
    ]


def invoices(orders: Sequence[Order], receivables: Sequence[Receivable]) -> list[dict[str, Any]]:
    swapped = _of_one_customer(orders, {each.contract: each.due_on for each in receivables})
    written: list[dict[str, Any]] = []
    for number, order in enumerate(orders, start=1):
        if number % NOT_INVOICED == 0:
            continue
        amount = order.amount + swapped.get(order.order_id, Decimal(0)) + (800 if number % TOO_HIGH == 0 else 0)
        name = f"INV-{number:05d}"
        written.append(_paper(order, "InvoiceId", name, "IssuedOn", 15, amount))
        if number % REWRITTEN == 0:
            red = _paper(order, "InvoiceId", f"{name}-R", "IssuedOn", 20, -amount)
            again = _paper(order, "InvoiceId", f"{name}-2", "IssuedOn", 20, amount)
            written += [red | {"Kind": "RED", "RedOf": name}, again]
    return written


def _of_one_customer(orders: Sequence[Order], due: dict[str, date]) -> dict[str, Decimal]:
    """Two contracts of one customer, the second due: part of its invoice was written on the first one's."""
    for first, second in pairwise(orders):
        if first.customer is second.customer and second.amount > WRONG and due[second.contract] <= DUE_BY:
            return {first.order_id: WRONG, second.order_id: -WRONG}
    return {}


def _paper(order: Order, key: str, name: str, on: str, days: int, amount: Decimal) -> dict[str, Any]:
    day = (order.signed_at + timedelta(days=days)).date()
    return {
        key: name,
        "OrderId": order.order_id,
        "ContractNo": order.contract,
        "CustomerCode": order.customer.code,
        "CustomerName": order.customer.name,
        on: day.isoformat(),
        "Amount": f"{amount:.2f}",
        "Currency": "CNY",
        "ModifiedAt": f"{day.isoformat()}T18:00:00+08:00",
        "Version": 1,
    }
