"""Named and shaped like the message of events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LeadScored:
    """`probability` is the person's estimate where there is one (`own`), else the model's."""

    lead_id: str
    channel: str
    probability: float
    own: bool
    model_id: int
    scored_at: datetime
