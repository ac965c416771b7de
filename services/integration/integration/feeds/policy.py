"""How often a feed runs, when it counts as late, and how gently its source is treated. Versioned (N1.2, N2.1)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class FeedRule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cadence_seconds: int = Field(default=300, ge=5)
    # After a failed run the next one comes sooner; absent: at the cadence.
    retry_seconds: int | None = Field(default=None, ge=1)
    # Business time; later than this without proved data is an alert.
    max_lag_seconds: int = Field(default=900, ge=60)
    down_after_failures: int = Field(default=3, ge=1)
    # A day with so many times fewer or more new records than usual is an alert; 0: never.
    volume_factor: float = Field(default=5, ge=0)
    # An alert is opened so long before the credential ends.
    credential_warning_days: int = Field(default=14, ge=0)
    # An alert that nobody acknowledged for so long is escalated.
    escalate_after_seconds: int = Field(default=1800, ge=60)
    requests_per_minute: int = Field(default=600, ge=1)
    timeout_seconds: float = Field(default=10, gt=0, le=120)
    attempts: int = Field(default=3, ge=1, le=10)
    backoff_seconds: float = Field(default=0.2, ge=0)
    backoff_cap_seconds: float = Field(default=3, ge=0)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_rest_seconds: float = Field(default=30, ge=0)

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)

    @property
    def retry(self) -> timedelta:
        """From a failed run to the next."""
        return self.cadence if self.retry_seconds is None else timedelta(seconds=self.retry_seconds)

    @property
    def escalation(self) -> timedelta:
        return timedelta(seconds=self.escalate_after_seconds)

    @property
    def max_lag(self) -> timedelta:
        return timedelta(seconds=self.max_lag_seconds)


class FeedsPolicy(BaseModel):
    """Rules by feed name; a feed that is not named keeps its connector's own rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feeds: dict[str, FeedRule] = Field(default_factory=dict)
