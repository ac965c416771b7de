"""A contact with a customer, as activity tells it or as it was brought along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    ACTIVITY = "activity"
    # Written down in the system before: it starts and stops no clock.
    MIGRATED = "migrated"


@dataclass(frozen=True)
class Interaction:
    """`reference`: the follow-up or call in activity. `text` and `next_step`: of migrated ones, which are only here."""

    reference: str
    channel: str
    direction: str
    outcome: str
    source: Source
    customer_id: str | None
    lead_id: str | None
    by: str
    at: datetime
    need: str = ""
    text: str = ""
    next_step: str = ""
    external_id: str = ""
    import_id: str | None = None
