"""An alert opens once when a feed turns bad, grows worse with it, is escalated when left alone, and closes itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.alerts import store
from integration.feeds.alerts.rules import State, is_left_alone, worst
from integration.feeds.events import FeedEscalated
from integration.feeds.rules import Health, Verdict


def follow_health(tx: Transaction, feed: str, verdict: Verdict, patience: timedelta) -> None:
    """`patience`: how long an alert may wait to be acknowledged. The feed's row is locked before."""
    alert = store.standing(tx, feed)
    bad = verdict.health in (Health.DEGRADED, Health.DOWN)
    if alert is None and bad:
        store.add(tx, feed, health=verdict.health.value, reason=verdict.en, reason_zh=verdict.zh)
    elif alert is not None and bad:
        _go_on(tx, alert, verdict, patience)
    elif alert is not None and verdict.health is Health.HEALTHY:
        store.change(tx, alert.id, state=State.RESOLVED.value, resolved_at=tx.now)


def _go_on(tx: Transaction, alert: Row[Any], verdict: Verdict, patience: timedelta) -> None:
    health = worst(alert.health, verdict.health.value)
    if (health, verdict.en) != (alert.health, alert.reason):
        store.change(tx, alert.id, health=health, reason=verdict.en, reason_zh=verdict.zh)
    if is_left_alone(State(alert.state), alert.opened_at, tx.now, patience):
        store.change(tx, alert.id, state=State.ESCALATED.value, escalated_at=tx.now)
        tx.record(FeedEscalated(alert.feed, alert.id, health, verdict.en, verdict.zh, alert.opened_at))
