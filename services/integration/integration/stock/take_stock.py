"""Keep a page of the ERP's stock and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.stock.rules import StockChanged, StockRecord
from integration.tables import erp_stock


def take_stock(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    return outcome


def _columns(record: StockRecord) -> dict[str, Any]:
    return record.model_dump()


KIND = Kind(erp_stock, StockRecord, "stock_id", _columns)


def _told(change: Change[StockRecord]) -> StockChanged:
    record = change.record
    return StockChanged(
        stock_id=record.stock_id,
        version=change.version,
        product_code=record.product_code,
        warehouse=record.warehouse,
        quantity=record.quantity,
        available=record.available,
        counted_at=record.counted_at,
    )
