"""The numbers of LD5 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ResponsePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # LD5.1, counted in shift hours of workdays, or around the clock (P11.1).
    counts: Literal["shift_hours", "always_on"] = "shift_hours"
    remind_minutes: int = Field(default=30, ge=1)
    popup_minutes: int = Field(default=120, ge=1)
    email_minutes: int = Field(default=240, ge=1)
    # LD5.2, wall time without non-working days.
    yellow_hours: int = Field(default=24, ge=1)
    # LD5.3: what a change of this policy means for clocks that run: they keep their due time, or are counted anew.
    running_clocks: Literal["keep", "follow"] = "keep"

    @property
    def yellow_after(self) -> timedelta:
        return timedelta(hours=self.yellow_hours)

    def after(self, kind: str) -> timedelta:
        """How long each clock of LD5.1 runs."""
        return timedelta(
            minutes={"remind": self.remind_minutes, "popup": self.popup_minutes, "email": self.email_minutes}[kind]
        )
