"""Keep a page of the ERP's production schedules and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.schedules.rules import OrderScheduled, ScheduleRecord
from integration.tables import erp_schedule


def take_schedules(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    return outcome


def _columns(record: ScheduleRecord) -> dict[str, Any]:
    return record.model_dump() | {"state": record.state.lower()}


KIND = Kind(erp_schedule, ScheduleRecord, "schedule_id", _columns)


def _told(change: Change[ScheduleRecord]) -> OrderScheduled:
    record = change.record
    return OrderScheduled(
        schedule_id=record.schedule_id,
        version=change.version,
        order_id=record.order_id,
        product_code=record.product_code,
        product_name=record.product_name,
        quantity=record.quantity,
        starts_on=record.starts_on,
        ready_on=record.ready_on,
        state=record.state.lower(),
    )
