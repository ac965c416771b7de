"""Keep a page of receivables from the ERP, with the payers it names for their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw
from integration.feeds.version_rules import Arrival, compared, newest
from integration.receivables import store
from integration.receivables.name_rules import contract_key, payer_key
from integration.receivables.rules import ReceivableRecord


def take_receivables(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """The highest version of a receivable in the page counts; a page taken twice changes nothing."""
    outcome = Outcome(records=len(records))
    due = newest(records, ReceivableRecord, "receivable_id", outcome)
    known = store.locked(tx, due)
    rows: list[dict[str, Any]] = []
    for receivable_id, record in due.items():
        row = known.get(receivable_id)
        what, content = compared(row, record)
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
