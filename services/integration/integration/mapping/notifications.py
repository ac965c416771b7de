"""Inbox and delivery log as contract messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import notification_service_pb2 as pb
from integration.mapping.common import instant


def notification(row: Row[Any]) -> pb.Notification:
    return pb.Notification(
        notification_id=row.id,
        kind=row.kind,
        severity=row.severity,
        title=row.title,
        title_zh=row.title_zh,
        body=row.body,
        body_zh=row.body_zh,
        link=row.link,
        created_at=instant(row.created_at),
        read_at=instant(row.read_at),
        popup=row.popup,
    )


def delivery(row: Row[Any]) -> pb.Delivery:
    return pb.Delivery(
        delivery_id=row.id,
        channel=row.channel,
        recipient_id=row.recipient_id,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        error=row.error,
        created_at=instant(row.created_at),
        sent_at=instant(row.sent_at),
    )
