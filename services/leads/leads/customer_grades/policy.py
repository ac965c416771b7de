"""The numbers of LD2.2 as a versioned policy: a market director changes them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation

FACTORS = ("revenue", "potential", "payment", "relationship")


class CustomerGradePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # They sum to 1.
    weights: dict[str, float] = Field(
        default={"revenue": 0.40, "potential": 0.20, "payment": 0.20, "relationship": 0.20}
    )
    a_from: float = Field(default=0.70, gt=0, le=1)
    b_from: float = Field(default=0.40, ge=0, lt=1)
    # Where less of the weight than this is known, nothing is said.
    least_known: float = Field(default=0.5, ge=0, le=1)

    # Orders of so many days count; from so much on a customer is worth everything there is.
    revenue_days: int = Field(default=365, ge=30, le=1100)
    full_revenue_yuan: int = Field(default=1_000_000, ge=1)
    # Open leads and opportunities.
    full_potential_yuan: int = Field(default=500_000, ge=1)
    # An order is due to be paid so many days after it was signed, and is looked at for so many.
    payment_days: int = Field(default=90, ge=0, le=720)
    payment_looked_at_days: int = Field(default=720, ge=30, le=3650)
    # A contact within the first counts in full, one longer ago than the second not at all.
    recent_days: int = Field(default=30, ge=0, le=720)
    forgotten_days: int = Field(default=180, ge=1, le=1440)
    # Days with a contact, within so many days; and people who decide at the customer's.
    contact_days: int = Field(default=90, ge=1, le=720)
    full_contacts: int = Field(default=6, ge=1, le=1000)
    full_deciders: int = Field(default=3, ge=1, le=100)

    # A person's own word.
    override_days: int = Field(default=90, ge=1, le=3650)
    longest_override_days: int = Field(default=365, ge=1, le=3650)


def check_customer_grades(policy: CustomerGradePolicy) -> list[Violation]:
    """What single fields can't say."""
    return list(_problems(policy))


def _problems(policy: CustomerGradePolicy) -> Iterator[Violation]:
    if set(policy.weights) != set(FACTORS) or any(not 0 <= each <= 1 for each in policy.weights.values()):
        names = ", ".join(FACTORS)
        yield Violation("body.weights", f"names {names}, each from 0 to 1", f"须包含 {names}，且均在 0 与 1 之间")
    elif abs(sum(policy.weights.values()) - 1) > 1e-6:
        yield Violation("body.weights", "must sum to 1", "之和必须等于 1")
    if policy.b_from >= policy.a_from:
        yield Violation("body.b_from", "must be below a_from", "必须低于 a_from")
    if policy.forgotten_days <= policy.recent_days:
        yield Violation("body.forgotten_days", "must be above recent_days", "必须大于 recent_days")
    if policy.override_days > policy.longest_override_days:
        yield Violation("body.override_days", "must not exceed longest_override_days", "不得大于 longest_override_days")
