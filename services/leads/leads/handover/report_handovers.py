"""How long handovers took and who was lost, over a time (LD10.1); the rows are those of the list with the same wish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.handover import list_store
from leads.handover.list_store import Wish
from leads.handover.policy import HandoverPolicy
from leads.handover.report_rules import Report, Through, report

SLOWEST = 50


def report_handovers(tx: Transaction, wish: Wish, policy: HandoverPolicy) -> tuple[Report, Sequence[Row[Any]]]:
    """And those that took longest, or still take. Cancelled ones and empty ones are none."""
    rows = [row for row in list_store.all_of(tx, wish) if row.state != "cancelled" and row.customers + row.leads]
    found = [
        Through(
            row.opened_at,
            row.moved_at,
            row.closed_at if row.state == "closed" else None,
            row.customers_moved,
            row.lost,
        )
        for row in rows
    ]
    slowest = sorted(rows, key=lambda row: row.opened_at - (row.closed_at or tx.now))[:SLOWEST]
    return report(found, policy.late_after), slowest
