"""What a feed tells others about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FeedDegraded:
    feed: str
    health: str
    reason: str
    reason_zh: str
    since: datetime
    complete_until: datetime | None


@dataclass(frozen=True)
class FeedEscalated:
    feed: str
    alert_id: str
    health: str
    reason: str
    reason_zh: str
    opened_at: datetime


@dataclass(frozen=True)
class FeedRecovered:
    feed: str
    at: datetime
    complete_until: datetime | None
