"""Keep a region's sales of a month as they were last loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from targets.sales_history import store


@dataclass(frozen=True)
class SalesLine:
    category: str
    sku: str
    units: int
    amount: Money


def load_sales(tx: Transaction, *, region: str, month: str, load_id: str, lines: Sequence[SalesLine]) -> None:
    """A later load of the same region and month replaces the earlier one whole: load ids grow with time."""
    store.serialise_month(tx, region, month)
    if store.newest_load(tx, region, month) > load_id:
        return
    store.replace_month(
        tx,
        region,
        month,
        [
            {
                "region": region,
                "month": month,
                "category": line.category,
                "sku": line.sku,
                "load_id": load_id,
                "units": line.units,
                "amount_fen": line.amount.fen,
            }
            for line in lines
        ],
    )
