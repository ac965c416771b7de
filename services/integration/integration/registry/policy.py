"""How many companies a run of the registry's feed asks about, and how often each. Versioned (N1.2)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class RegistryPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Answers are paid for by the piece.
    companies_per_run: int = Field(default=200, ge=1, le=5000)
    ask_again_hours: int = Field(default=24, ge=1, le=24 * 90)

    @property
    def ask_again(self) -> timedelta:
        return timedelta(hours=self.ask_again_hours)
