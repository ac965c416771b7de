"""The numbers of LD3 and LD4 as a versioned policy. All are defaults that an operations manager changes at runtime."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation
from leads.lead.rules import Grade


class Weights(BaseModel):
    """Of the score's parts; they sum to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    load: float = Field(ge=0, le=1)
    conversion: float = Field(ge=0, le=1)
    region: float = Field(ge=0, le=1)

    @property
    def total(self) -> float:
        return self.load + self.conversion + self.region


class AssignmentPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # LD3.1, LD3.5
    weights: Weights = Weights(load=0.40, conversion=0.35, region=0.25)
    weights_by_grade: dict[Grade, Weights] = Field(default_factory=dict)
    high_load_weights: Weights = Weights(load=0.60, conversion=0.2333, region=0.1667)
    high_load_above: float = Field(default=0.80, ge=0, le=1)
    high_load_until: float = Field(default=0.75, ge=0, le=1)

    # LD3.2: weights with two decimals
    baseline: float = Field(default=8, gt=0, le=1000)
    baseline_by_position: dict[str, float] = Field(default_factory=dict)
    grade_weights: dict[Grade, float] = Field(default={Grade.A: 1.00, Grade.B: 0.60, Grade.C: 0.36})

    # LD3.3
    conversion_days: int = Field(default=30, ge=1, le=365)
    conversion_prior: float = Field(default=10, gt=0)

    # LD3.4
    region_near_km: float = Field(default=5, ge=0)
    region_decay_km: float = Field(default=20, gt=0)

    # LD3.6
    shift: Literal["shift_hours", "always_on"] = "shift_hours"
    a_leads_per_day: int = Field(default=8, ge=1)
    newcomer_days: int = Field(default=90, ge=0)
    newcomer_quota: float = Field(default=0.10, ge=0, le=1)
    newcomer_window_days: int = Field(default=7, ge=1)
    newcomer_from_leads: int = Field(default=10, ge=1)
    tie_band: float = Field(default=0.02, ge=0, le=1)
    probe_batch: int = Field(default=5, ge=1, le=100)

    # LD3.7
    fairness_band: float = Field(default=0.10, ge=0, le=1)
    fairness_days: int = Field(default=30, ge=1, le=365)
    fairness_from_owed: float = Field(default=5, ge=0)
    fairness_alert: float = Field(default=0.25, ge=0)

    # LD3.10, LD3.12
    kept_candidates: int = Field(default=20, ge=1, le=200)
    decision_milliseconds: int = Field(default=400, ge=50, le=5000)

    # LD4.1, LD4.2
    probe_milliseconds: int = Field(default=200, ge=10, le=2000)
    probe_cache_seconds: float = Field(default=5, ge=0, le=60)
    status_minutes: int = Field(default=15, ge=1, le=1440)

    # LD3.8
    wait_alert_minutes: int = Field(default=30, ge=1, le=1440)
    unassigned_hours: int = Field(default=48, ge=1, le=720)

    # LD4.5
    concentration_minutes: int = Field(default=60, ge=1, le=1440)
    concentration_from: int = Field(default=20, ge=2)
    concentration_share: float = Field(default=0.30, gt=0, le=1)
    concentration_most: float = Field(default=0.90, gt=0, le=1)

    # LD6.1: a lead that bounced so often goes to a manager
    bounces_to_manager: int = Field(default=3, ge=1, le=20)

    @property
    def status_age(self) -> timedelta:
        """An answer older than this verifies nobody."""
        return timedelta(minutes=self.status_minutes)

    def baseline_of(self, position: str) -> float:
        return self.baseline_by_position.get(position, self.baseline)


def check_assignment(policy: AssignmentPolicy) -> list[Violation]:
    """What single fields can't say."""
    return [*_weights(policy), *_amounts(policy)]


def _weights(policy: AssignmentPolicy) -> Iterator[Violation]:
    named = {"weights": policy.weights, "high_load_weights": policy.high_load_weights}
    named |= {f"weights_by_grade.{grade}": weights for grade, weights in policy.weights_by_grade.items()}
    for name, weights in named.items():
        if abs(weights.total - 1) > 1e-3:
            yield Violation(f"body.{name}", "the three weights must sum to 1", "三个权重之和必须为 1")


def _amounts(policy: AssignmentPolicy) -> Iterator[Violation]:
    if set(policy.grade_weights) != set(Grade) or any(not 0 < each <= 10 for each in policy.grade_weights.values()):
        yield Violation("body.grade_weights", "names A, B and C, each above 0", "须包含 A、B、C，且均大于 0")
    if policy.high_load_until > policy.high_load_above:
        yield Violation("body.high_load_until", "must not be above high_load_above", "不能大于 high_load_above")
    if policy.concentration_share > policy.concentration_most:
        yield Violation(
            "body.concentration_share", "must not be above concentration_most", "不能大于 concentration_most"
        )
    if any(each <= 0 for each in policy.baseline_by_position.values()):
        yield Violation("body.baseline_by_position", "each baseline must be above 0", "每个基准值必须大于 0")
