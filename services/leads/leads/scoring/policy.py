"""The numbers of LD11 as a versioned policy."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ScorePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Below these, in the period that is learned from, no score is given.
    least_won: int = Field(default=50, ge=10)
    least_lost: int = Field(default=50, ge=10)
    # Won, and lost, that each later period must hold: one calibrates, one judges.
    least_later: int = Field(default=10, ge=5)
    # A level of a field seen less often has no part of its own.
    level: int = Field(default=10, ge=2)
    # How strongly parts are drawn to nothing.
    ridge: float = Field(default=1.0, gt=0, le=1000)
    # Fields count as they were this long after capture: later ones tell of the work, not of the lead.
    early_hours: int = Field(default=24, ge=0, le=24 * 30)
    # Leads closed longer ago than this are of another time.
    months: int = Field(default=24, ge=1, le=120)
    # A new model's word about a lead is told again only if it differs by so much.
    told_from: float = Field(default=0.01, ge=0, le=1)
