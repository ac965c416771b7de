"""Keep a page of the ERP's deliveries and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.board_marks.store import mark_documents
from integration.deliveries.rules import Delivered, DeliveryRecord
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.tables import erp_delivery


def take_deliveries(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    mark_documents(tx, (document for each in changes for document in (each.record, each.before)))
    return outcome


def _columns(record: DeliveryRecord) -> dict[str, Any]:
    plain = record.model_dump(exclude={"amount", "state"})
    return plain | {"amount_fen": record.value.fen, "state": record.state.lower()}


KIND = Kind(erp_delivery, DeliveryRecord, "delivery_id", _columns)


def _told(change: Change[DeliveryRecord]) -> Delivered:
    record = change.record
    return Delivered(
        delivery_id=record.delivery_id,
        version=change.version,
        order_id=record.order_id,
        contract_number=record.contract_number,
        customer_code=record.customer_code,
        customer_name=record.customer_name,
        amount=record.value,
        delivered_on=record.delivered_on,
        state=record.state.lower(),
    )
