"""Keep a page of the ERP's invoices and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.board_marks.store import mark_documents
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.invoices.rules import InvoiceReceived, InvoiceRecord
from integration.tables import erp_invoice


def take_invoices(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    mark_documents(tx, (document for each in changes for document in (each.record, each.before)))
    return outcome


def _columns(record: InvoiceRecord) -> dict[str, Any]:
    plain = record.model_dump(exclude={"amount", "state", "told_kind"})
    return plain | {"amount_fen": record.value.fen, "state": record.state.lower(), "kind": record.kind.lower()}


KIND = Kind(erp_invoice, InvoiceRecord, "invoice_id", _columns)


def _told(change: Change[InvoiceRecord]) -> InvoiceReceived:
    record = change.record
    return InvoiceReceived(
        invoice_id=record.invoice_id,
        version=change.version,
        invoice_number=record.invoice_number,
        order_id=record.order_id,
        contract_number=record.contract_number,
        customer_code=record.customer_code,
        customer_name=record.customer_name,
        amount=record.value,
        issued_on=record.issued_on,
        kind=record.kind.lower(),
        state=record.state.lower(),
        red_of=record.red_of,
    )
