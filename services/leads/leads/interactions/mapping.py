"""Activity's events as interactions."""

from __future__ import annotations

from datetime import UTC

from closeloop.activity.v1.events_pb2 import CallRecorded, FollowUpRecorded
from leads.interactions.rules import Interaction, Source


def follow_up(message: FollowUpRecorded) -> Interaction:
    return Interaction(
        reference=message.follow_up_id,
        channel=message.channel,
        direction=message.direction,
        outcome=message.outcome,
        source=Source.ACTIVITY,
        customer_id=message.customer_id or None,
        lead_id=message.lead_id or None,
        by=message.author_id,
        at=message.occurred_at.ToDatetime(UTC),
        need=message.need,
        next_step=message.next_step,
        next_step_due_at=message.next_step_due_at.ToDatetime(UTC) if message.HasField("next_step_due_at") else None,
    )


def call(message: CallRecorded) -> Interaction:
    return Interaction(
        reference=message.call_id,
        channel="call",
        direction=message.direction,
        outcome="connected" if message.connected else "no_answer",
        source=Source.ACTIVITY,
        customer_id=message.customer_id or None,
        lead_id=message.lead_id or None,
        by=message.rep_id,
        at=message.started_at.ToDatetime(UTC),
    )
