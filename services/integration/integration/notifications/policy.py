"""How patiently mails are sent, and when they are held for the morning. Versioned."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, ConfigDict, Field


class NotificationsPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=8, ge=1, le=50)
    first_pause_seconds: float = Field(default=2, ge=0)
    longest_pause_seconds: float = Field(default=900, ge=0)
    # Shanghai time. Equal: never quiet.
    quiet_from: time = time(22, 0)
    quiet_until: time = time(8, 30)
