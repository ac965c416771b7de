"""Keep a page of orders from the ERP and tell on what is new or changed (N1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, content_hash, decoded, refusal
from integration.orders import store
from integration.orders.rules import Arrival, OrderChanged, OrderReceived, OrderRecord, arrival, facts_of


def take_orders(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of an order in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    orders = _parse(records, outcome)
    known = store.locked(tx, orders)
    rows: list[dict[str, Any]] = []
    for order_id, record in orders.items():
        row = known.get(order_id)
        content = content_hash(record.model_dump(exclude={"source_version"}))
        held = (row.source_version, bytes(row.content_hash)) if row else None
        what = arrival(held, record.source_version, content)
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


def _parse(records: Sequence[Raw], outcome: Outcome) -> dict[str, OrderRecord]:
    orders: dict[str, OrderRecord] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        try:
            record = OrderRecord.model_validate(body)
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, str(body.get("OrderId", ""))[:60]))
            continue
        known = orders.get(record.order_id)
        if known is None or record.source_version >= known.source_version:
            orders[record.order_id] = record
    return orders
