"""Keep a page of receivables from the ERP, with the payers it names for their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.board_marks.store import mark_documents
from integration.erp.keep_records import Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.receivables import store
from integration.receivables.name_rules import contract_key, payer_key
from integration.receivables.rules import ReceivableRecord
from integration.tables import receivable


def take_receivables(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """What was claimed on them stays."""
    outcome, changes = keep_records(tx, records, KIND)
    told = [each.record for each in changes]
    store.learn_payers(tx, ((record.customer_code, name) for record in told for name in record.payer_names), "erp")
    mark_documents(tx, (document for each in changes for document in (each.record, each.before)))
    return outcome


def _columns(record: ReceivableRecord) -> dict[str, Any]:
    plain = record.model_dump(exclude={"amount", "payer_names"})
    keys = {"contract_key": contract_key(record.contract_number), "customer_key": payer_key(record.customer_name)}
    return {**plain, **keys, "amount_fen": Money.of(record.amount, record.currency).fen}


KIND = Kind(receivable, ReceivableRecord, "receivable_id", _columns)
