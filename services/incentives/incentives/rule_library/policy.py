"""Settings of rules and bonuses that change at runtime."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator


class BonusPolicy(BaseModel):
    """Amounts are whole fen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # How far back a published rule may start.
    backdating_days: int = Field(default=31, ge=0, le=366)
    # An order above is believed only when its source says something else: it waits.
    largest_order_fen: int = Field(default=1_000_000_000_00, gt=0)
    # A bonus above is a mistake of the rule: it is shown and not booked.
    largest_bonus_fen: int = Field(default=1_000_000_00, gt=0)
    # A rule that could not be run on an order is tried again after so long.
    retry_minutes: int = Field(default=5, ge=1, le=1440)
    # Working hours after which a beneficiary who owes an answer is reminded, and after the last reminder confirms by
    # silence (I3.2).
    reminder_hours: tuple[float, ...] = Field(default=(8, 8), max_length=10)
    silence_hours: float = Field(default=24, gt=0, le=1000)

    @field_validator("reminder_hours")
    @classmethod
    def _ahead(cls, hours: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < each <= 1000 for each in hours):
            raise ValueError("each pause is above 0 and at most 1000 hours")
        return hours
