"""Settings of the process."""

from __future__ import annotations

from pydantic import Field

from chassis.config import Settings


class IncentivesSettings(Settings):
    """Limits of the worker that runs rules, beside those of chassis.config.Settings (I1.3)."""

    # Processor time of one rule on one order, in seconds. Not wall time: a busy machine must not fail an honest rule.
    rule_seconds: float = Field(default=0.08, gt=0, le=5)
    rule_memory_mb: int = Field(default=512, ge=128)
