"""Copies of given-up events on a topic that people and tools watch. The truth is the table of parked events."""

from __future__ import annotations

from datetime import UTC, datetime

from chassis.events import Record
from chassis.kernel.ids import new_id
from chassis.outbox import OutboxRow, bucket_of


def dead_letter_topic(service: str) -> str:
    return f"closeloop.dead-letter.{service}.v1"


def dead_letter(service: str, record: Record, reason: str) -> OutboxRow:
    """The event as it came, with where it came from and why it was given up. Relayed like any other."""
    why = {"x-reason": reason, "x-topic": record.topic, "x-offset": f"{record.partition}/{record.offset}"}
    return OutboxRow(
        id=new_id(),
        bucket=bucket_of(record.key),
        aggregate_id=record.key,
        topic=dead_letter_topic(service),
        type=record.type,
        headers=record.headers | why,
        data=record.data,
        occurred_at=datetime.now(UTC),
    )
