"""Tell the sales of a region and month on, when lines of it changed and the load is through (N1.1).

Guarantee: one month per transaction, so that a load of years needs no memory of its size; what was touched again
meanwhile is told again.
"""

from __future__ import annotations

from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import UnitOfWork
from integration.pos import line_store, store
from integration.pos.rules import PosSalesLine, PosSalesLoaded

ME = of_service("integration")


def tell_months(uow: UnitOfWork) -> int:
    """How many were told."""
    told = 0
    while _tell_next(uow):
        told += 1
    return told


def _tell_next(uow: UnitOfWork) -> bool:
    with uow.begin(ME, source="feed pos_sales") as tx:
        row = line_store.next_ready(tx)
        if row is None:
            return False
        found = store.month_lines(tx, [(row.region, row.month)]).get((row.region, row.month), [])
        lines = tuple(
            PosSalesLine(each.category, each.sku, int(each.units), Money(int(each.fen))) for each in found
        )  # fmt: skip
        tx.record(PosSalesLoaded(new_id(), row.region, f"{row.month:%Y-%m}", lines))
        tx.commit()
    return True
