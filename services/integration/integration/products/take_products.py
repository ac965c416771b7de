"""Keep a page of the ERP's products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, content_hash, decoded, refusal
from integration.orders.rules import Arrival, arrival
from integration.products import store
from integration.products.rules import ProductRecord


def take_products(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of a product in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    told = _parse(records, outcome)
    known = store.locked(tx, told)
    rows: list[dict[str, Any]] = []
    for code, record in told.items():
        row = known.get(code)
        content = content_hash(record.model_dump(exclude={"source_version"}))
        held = (row.source_version, bytes(row.content_hash)) if row else None
        what = arrival(held, record.source_version, content)
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


def _parse(records: Sequence[Raw], outcome: Outcome) -> dict[str, ProductRecord]:
    told: dict[str, ProductRecord] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        try:
            record = ProductRecord.model_validate(body)
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, str(body.get("ProductCode", ""))[:60]))
            continue
        known = told.get(record.product_code)
        if known is None or record.source_version >= known.source_version:
            told[record.product_code] = record
    return told
