"""Feeds, runs and quarantine as contract messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import feed_service_pb2 as pb
from integration.feeds.read_feeds import FeedView
from integration.mapping.common import instant

LONGEST_RAW = 4000
HEALTH = {
    "new": pb.FEED_HEALTH_NEW,
    "healthy": pb.FEED_HEALTH_HEALTHY,
    "degraded": pb.FEED_HEALTH_DEGRADED,
    "down": pb.FEED_HEALTH_DOWN,
}
ALERT_STATES = {
    "open": pb.FEED_ALERT_STATE_OPEN,
    "acknowledged": pb.FEED_ALERT_STATE_ACKNOWLEDGED,
    "escalated": pb.FEED_ALERT_STATE_ESCALATED,
    "resolved": pb.FEED_ALERT_STATE_RESOLVED,
}


def feed(view: FeedView) -> pb.Feed:
    row = view.row
    message = pb.Feed(
        feed=view.feed,
        health=HEALTH[view.health],
        cadence_seconds=view.cadence_seconds,
        lag_seconds=view.lag_seconds or 0,
        quarantined=view.quarantined,
        dismissed=view.dismissed,
    )
    if row is not None:
        message.MergeFrom(_state(row))
    return message


def run(row: Row[Any]) -> pb.FeedRun:
    return pb.FeedRun(
        run_id=row.id,
        feed=row.feed,
        started_at=instant(row.started_at),
        finished_at=instant(row.finished_at),
        outcome=row.outcome,
        error_class=row.error_class,
        error=row.error,
        records_in=row.records_in,
        records_new=row.records_new,
        duplicates=row.duplicates,
        corrected=row.corrected,
        rejected=row.rejected,
        checkpoint_before=row.checkpoint_before,
        checkpoint_after=row.checkpoint_after,
        schema_fingerprint=row.schema_fingerprint,
    )


def quarantined(row: Row[Any]) -> pb.Quarantined:
    return pb.Quarantined(
        quarantine_id=row.id,
        feed=row.feed,
        run_id=row.run_id,
        place=row.place,
        field=row.field,
        reason=row.reason,
        reason_zh=row.reason_zh,
        raw=row.raw[:LONGEST_RAW],
        at=instant(row.at),
        state=row.state,
        to_hand_in=not row.alone,
        dismissal_asked_by=row.asked_by,
        dismissal_asked_why=row.asked_why,
        dismissed_by=row.dismissed_by,
        dismissed_why=row.dismissed_why,
        dismissed_at=instant(row.dismissed_at),
    )


def alert(row: Row[Any]) -> pb.FeedAlert:
    return pb.FeedAlert(
        alert_id=row.id,
        feed=row.feed,
        state=ALERT_STATES[row.state],
        health=HEALTH[row.health],
        reason=row.reason,
        reason_zh=row.reason_zh,
        opened_at=instant(row.opened_at),
        acknowledged_at=instant(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by,
        note=row.note,
        escalated_at=instant(row.escalated_at),
        resolved_at=instant(row.resolved_at),
    )


def _state(row: Row[Any]) -> pb.Feed:
    return pb.Feed(
        health_since=instant(row.health_since),
        reason=row.reason,
        reason_zh=row.reason_zh,
        last_run_at=instant(row.last_run_at),
        last_success_at=instant(row.last_success_at),
        next_run_at=instant(row.next_run_at),
        checkpoint=row.checkpoint,
        complete_until=instant(row.complete_until),
        holes=[each["en"] for each in row.holes],
    )
