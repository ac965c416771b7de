"""The numbers of LD1 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class CapturePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # LD1.3
    duplicate_days: int = Field(default=90, ge=1, le=3650)
    # P1.7
    import_checkpoint_rows: int = Field(default=500, ge=1, le=5000)

    @property
    def duplicate_window(self) -> timedelta:
        return timedelta(days=self.duplicate_days)
