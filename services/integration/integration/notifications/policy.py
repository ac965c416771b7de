"""How patiently mails are sent. Versioned."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NotificationsPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=8, ge=1, le=50)
    first_pause_seconds: float = Field(default=2, ge=0)
    longest_pause_seconds: float = Field(default=900, ge=0)
