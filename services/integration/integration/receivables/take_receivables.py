"""Keep a page of receivables from the ERP, with the payers it names for their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, content_hash, decoded, refusal
from integration.orders.rules import Arrival, arrival
from integration.receivables import store
from integration.receivables.name_rules import contract_key, payer_key
from integration.receivables.rules import ReceivableRecord


def take_receivables(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of a receivable in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    due = _parse(records, outcome)
    known = store.locked(tx, due)
    rows: list[dict[str, Any]] = []
    for receivable_id, record in due.items():
        row = known.get(receivable_id)
        content = content_hash(record.model_dump(exclude={"source_version"}))
        held = (row.source_version, bytes(row.content_hash)) if row else None
        what = arrival(held, record.source_version, content)
        if what is Arrival.DUPLICATE:
            continue
        outcome.new += what is Arrival.NEW
        outcome.corrected += what is Arrival.CORRECTED
        rows.append(_row(record, content))
    store.save(tx, rows)
    names = ((record.customer_code, name) for record in due.values() for name in record.payer_names)
    store.learn_payers(tx, names, "erp")
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(due)
    return outcome


def _row(record: ReceivableRecord, content: bytes) -> dict[str, Any]:
    plain = record.model_dump(exclude={"amount", "payer_names"})
    keys = {"contract_key": contract_key(record.contract_number), "customer_key": payer_key(record.customer_name)}
    return {**plain, **keys, "amount_fen": Money.of(record.amount, record.currency).fen, "content_hash": content}


def _parse(records: Sequence[Raw], outcome: Outcome) -> dict[str, ReceivableRecord]:
    due: dict[str, ReceivableRecord] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        try:
            record = ReceivableRecord.model_validate(body)
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, str(body.get("ReceivableId", ""))[:60]))
            continue
        known = due.get(record.receivable_id)
        if known is None or record.source_version >= known.source_version:
            due[record.receivable_id] = record
    return due
