"""Contract messages from and to what the features speak: what all services of integration share."""

from __future__ import annotations

from datetime import UTC, date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.money import Money
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.common.v1.page_pb2 import PageInfo


def page_info(token: str) -> PageInfo:
    return PageInfo(next_token=token)


def instant(at: datetime | None) -> Timestamp | None:
    """None leaves the field absent."""
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC).replace(tzinfo=None))
    return stamp


def instant_in(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def day(on: date | None) -> str:
    return on.isoformat() if on is not None else ""


def money(fen: int, currency: str = "CNY") -> MoneyMessage:
    return MoneyMessage(fen=fen, currency=currency)


def money_in(message: MoneyMessage) -> Money:
    return Money(message.fen, message.currency or "CNY")
