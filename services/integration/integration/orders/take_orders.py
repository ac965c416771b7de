"""Keep a page of orders from the ERP and tell on what is new or changed (N1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.board_marks.store import mark_documents
from integration.erp.keep_records import Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.orders import store
from integration.orders.rules import OrderChanged, OrderReceived, OrderRecord, facts_of
from integration.tables import erp_order


def take_orders(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        facts = facts_of(each.record, each.version)
        told = OrderReceived if each.before is None else OrderChanged
        tx.record(told(facts.order_id, facts))
    mark_documents(tx, (document for each in changes for document in (each.record, each.before)))
    return outcome


def _columns(record: OrderRecord) -> dict[str, Any]:
    return store.row_of(facts_of(record, version=0))


KIND = Kind(erp_order, OrderRecord, "order_id", _columns)
