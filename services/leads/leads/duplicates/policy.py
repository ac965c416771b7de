"""The numbers of LD1.4 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class DuplicatePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Of 100. Not below 92: candidates are looked up by what such names have in common (near_rules.py).
    near_score: float = Field(default=92, ge=92, le=100)
    unmerge_days: int = Field(default=30, ge=1, le=3650)

    @property
    def unmerge(self) -> timedelta:
        return timedelta(days=self.unmerge_days)
