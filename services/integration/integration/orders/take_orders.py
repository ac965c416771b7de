"""Keep a page of orders from the ERP and tell on what is new or changed (N1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw
from integration.feeds.version_rules import Arrival, compared, newest
from integration.orders import store
from integration.orders.rules import OrderChanged, OrderReceived, OrderRecord, facts_of


def take_orders(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of an order in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    orders = newest(records, OrderRecord, "order_id", outcome)
    known = store.locked(tx, orders)
    rows: list[dict[str, Any]] = []
    for order_id, record in orders.items():
        row = known.get(order_id)
        what, content = compared(row, record)
        if what is Arrival.DUPLICATE:
            continue
        facts = facts_of(record, row.version + 1 if row else 1)
        rows.append(store.row_of(facts, record.source_version, content))
        if what is Arrival.NEW:
            outcome.new += 1
            tx.record(OrderReceived(order_id, facts))
        else:
            outcome.corrected += 1
            tx.record(OrderChanged(order_id, facts))
    store.save(tx, rows)
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(orders)
    return outcome
