"""The numbers of LD12 as a versioned policy."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation

TRAITS = ("industry", "size", "region", "need", "roles")


class HintPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # What a trait counts in a likeness; those not known on both sides are left out.
    weights: dict[str, float] = Field(
        default={"industry": 0.3, "size": 0.2, "region": 0.15, "need": 0.2, "roles": 0.15}
    )
    # A lead is like another from this likeness on.
    alike: float = Field(default=0.5, ge=0, le=1)
    # Below so many won leads alike, nothing is said.
    least_won: int = Field(default=10, ge=3)
    # The most similar ones that are looked at, of the won and of the lost.
    most: int = Field(default=50, ge=10, le=500)
    # A sequence is told when at least this share of the won had it.
    share: float = Field(default=0.2, gt=0, le=1)
    # Steps in a sequence, and sequences told.
    longest: int = Field(default=3, ge=2, le=4)
    told: int = Field(default=5, ge=1, le=20)
    months: int = Field(default=36, ge=1, le=120)


def check_hints(policy: HintPolicy) -> list[Violation]:
    """What single fields can't say."""
    if set(policy.weights) != set(TRAITS) or any(each < 0 for each in policy.weights.values()):
        names = ", ".join(TRAITS)
        return [Violation("body.weights", f"names {names}, none below 0", f"须包含 {names}，且不得为负")]
    if not any(policy.weights.values()):
        return [Violation("body.weights", "must not all be 0", "不能全部为 0")]
    return []
