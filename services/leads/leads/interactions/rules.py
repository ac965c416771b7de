"""A contact with a customer, as activity tells it or as it was brought along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    ACTIVITY = "activity"
    # Written down in the system before: it starts and stops no clock.
    MIGRATED = "migrated"
    # The new owner told the customer of the handover.
    HANDOVER = "handover"


@dataclass(frozen=True)
class Interaction:
    """`reference`: the follow-up or call in activity. `text`: of migrated ones, which are only here."""

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
    # When it was promised for.
    next_step_due_at: datetime | None = None
    external_id: str = ""
    import_id: str | None = None
