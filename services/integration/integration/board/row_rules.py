"""A contract as the board shows it (N5.1)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from integration.board.policy import ThreeWayPolicy
from integration.board.rules import Offset, judge
from integration.board.thread_rules import Documents, figures_of


def row_of(thread: str, currency: str, documents: Documents, today: date, policy: ThreeWayPolicy) -> dict[str, Any]:
    """As the board shows it."""
    figures = figures_of(documents, today)
    verdict = judge(figures.sides, policy)
    plain = {name: value for name, value in asdict(figures).items() if name != "sides"}
    return (
        plain
        | _whose(documents)
        | {
            "thread": thread,
            "currency": currency,
            "colour": verdict.colour.value,
            "missing": [side.value for side in verdict.missing],
            "differences": [asdict(each) for each in verdict.differences],
            "offsets": [_within(thread, each) for each in verdict.offsets],
            "paid_without_contract": verdict.paid_without_contract,
        }
    )


def _whose(documents: Documents) -> dict[str, Any]:
    """By the first order, without one by the first amount due, else by any document."""
    order, due = documents.first_order, documents.first_due
    first = order or due or documents.every[0]
    seller = order or due
    return {
        "order_ids": sorted(each.order_id for each in documents.orders),
        "contract_number": order.contract_number if order else "",
        "customer_code": first.customer_code,
        "customer_name": first.customer_name,
        "salesperson_id": seller.salesperson_id if seller else "",
        "day": order.day if order else min(each.day for each in documents.every),
    }


def _within(thread: str, offset: Offset) -> dict[str, Any]:
    """Both on one contract."""
    first, second = offset.first, offset.second
    return {
        "side": first.side.value, "order_id": first.order_id, "thread": thread, "other_side": second.side.value,
        "other_order_id": second.order_id, "fen": second.fen,
    }  # fmt: skip
