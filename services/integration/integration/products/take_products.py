"""Keep a page of the ERP's products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw
from integration.feeds.version_rules import Arrival, compared, newest
from integration.products import store
from integration.products.rules import ProductRecord


def take_products(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of a product in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    told = newest(records, ProductRecord, "product_code", outcome)
    known = store.locked(tx, told)
    rows: list[dict[str, Any]] = []
    for code, record in told.items():
        row = known.get(code)
        what, content = compared(row, record)
        outcome.new += what is Arrival.NEW
        outcome.corrected += what is Arrival.CORRECTED
        if what is not Arrival.DUPLICATE:
            rows.append(_row(record, content))
    store.save(tx, rows)
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(told)
    return outcome


def _row(record: ProductRecord, content: bytes) -> dict[str, Any]:
    plain = record.model_dump(exclude={"list_price"})
    return plain | {"list_price_fen": Money.of(record.list_price, record.currency).fen, "content_hash": content}
