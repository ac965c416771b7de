"""The life of an alert: open, acknowledged or escalated, resolved (N2.1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, NotFound


class State(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


class UnknownAlert(NotFound):
    en = "There is no alert {alert_id}."
    zh = "告警 {alert_id} 不存在。"


class AlertIsResolved(FailedPrecondition):
    en = "The alert of feed {feed} is resolved already."
    zh = "数据源 {feed} 的告警已解除。"


def is_left_alone(state: State, opened_at: datetime, now: datetime, patience: timedelta) -> bool:
    """Nobody acknowledged it in time. What is escalated is not escalated twice."""
    return state is State.OPEN and now - opened_at >= patience


def worst(before: str, after: str) -> str:
    """Of degraded and down."""
    return "down" if "down" in (before, after) else after
