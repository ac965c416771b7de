"""Keep a page of the ERP's service calls and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.service_calls.rules import ServiceCallRecord, ServiceCallRecorded
from integration.tables import service_call


def take_service_calls(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    return outcome


def _columns(record: ServiceCallRecord) -> dict[str, Any]:
    return record.model_dump() | {"state": record.state.lower()}


KIND = Kind(service_call, ServiceCallRecord, "call_id", _columns)


def _told(change: Change[ServiceCallRecord]) -> ServiceCallRecorded:
    record = change.record
    return ServiceCallRecorded(
        call_id=record.call_id,
        version=change.version,
        customer_code=record.customer_code,
        customer_name=record.customer_name,
        order_id=record.order_id,
        product_code=record.product_code,
        subject=record.subject,
        reported_at=record.reported_at,
        responded_at=record.responded_at,
        closed_at=record.closed_at,
        state=record.state.lower(),
    )
