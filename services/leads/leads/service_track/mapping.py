"""Events of integration and forecast as records of the service track."""

from __future__ import annotations

from datetime import UTC, date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.calendar import instant
from chassis.kernel.money import Money
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.forecast.v1.events_pb2 import OpportunityCreated, OpportunityLost, OpportunityWon
from closeloop.integration.v1.events_pb2 import Delivered, OrderScheduled, ServiceCallRecorded
from leads.service_track.rules import Kind, Record

# An opportunity has no versions: it begins, and it ends.
_BEGUN, _ENDED = 1, 2


def opportunity(message: OpportunityCreated, at: datetime) -> Record:
    return Record(
        Kind.OPPORTUNITY,
        message.opportunity_id,
        _BEGUN,
        at,
        customer_id=message.customer_id or None,
        state="open",
        amount=_money(message.amount),
    )


def won(message: OpportunityWon) -> Record:
    at = message.won_at.ToDatetime(UTC)
    return Record(
        Kind.OPPORTUNITY,
        message.opportunity_id,
        _ENDED,
        at,
        customer_id=message.customer_id or None,
        customer_code=message.customer_code,
        title=message.contract_number,
        state="won",
        amount=_money(message.amount),
        closed_at=at,
    )


def lost(message: OpportunityLost) -> Record:
    at = message.lost_at.ToDatetime(UTC)
    return Record(
        Kind.OPPORTUNITY, message.opportunity_id, _ENDED, at, title=message.reason, state="lost", closed_at=at
    )


def schedule(message: OrderScheduled) -> Record:
    return Record(
        Kind.SCHEDULE,
        message.schedule_id,
        message.version,
        instant(date.fromisoformat(message.starts_on or message.ready_on)),
        order_id=message.order_id,
        title=f"{message.product_name} × {message.quantity}",
        state=message.state,
        ready_on=date.fromisoformat(message.ready_on) if message.ready_on else None,
    )


def delivery(message: Delivered) -> Record:
    return Record(
        Kind.DELIVERY,
        message.delivery_id,
        message.version,
        instant(date.fromisoformat(message.delivered_on)),
        customer_code=message.customer_code,
        order_id=message.order_id,
        title=message.contract_number,
        state=message.state,
        amount=_money(message.amount),
    )


def service_call(message: ServiceCallRecorded) -> Record:
    return Record(
        Kind.SERVICE_CALL,
        message.call_id,
        message.version,
        message.reported_at.ToDatetime(UTC),
        customer_code=message.customer_code,
        order_id=message.order_id,
        title=message.subject,
        state=message.state,
        responded_at=_instant(message, "responded_at", message.responded_at),
        closed_at=_instant(message, "closed_at", message.closed_at),
    )


def _instant(message: ServiceCallRecorded, field: str, stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(UTC) if message.HasField(field) else None  # type: ignore[arg-type]


def _money(message: MoneyMessage) -> Money:
    return Money(message.fen, message.currency or "CNY")
