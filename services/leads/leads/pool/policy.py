"""The numbers of LD7 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class PoolPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    claims_per_day: int = Field(default=10, ge=1, le=1000)
    # Leads that a rep has by claim at one time.
    held: int = Field(default=30, ge=1, le=10_000)
    # Wall time without non-working days (P11.1), as for recycling.
    protection_hours: int = Field(default=24, ge=1, le=8760)
    extensions: int = Field(default=2, ge=0, le=100)
    # Wall time from when the rep had it last.
    cooldown_hours: int = Field(default=72, ge=0, le=8760)
    # How long a bulk assignment can be undone.
    undo_hours: int = Field(default=24, ge=1, le=720)

    @property
    def protection(self) -> timedelta:
        return timedelta(hours=self.protection_hours)

    @property
    def cooldown(self) -> timedelta:
        return timedelta(hours=self.cooldown_hours)
