"""Named and shaped like the message of events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CustomerGraded:
    """`kind`: computed, declared, overridden, withdrawn or expired. `score` is the computed one beneath."""

    customer_id: str
    before: str
    after: str
    kind: str
    score: float
    reason: str
    reason_zh: str
    actor: str
    owner_id: str
    unit: str
    graded_at: datetime
