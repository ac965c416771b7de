"""The numbers of LD9.1 and LD10.1's bar as a versioned policy."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation
from leads.customer_file.completeness_rules import WORDS


class CompletenessPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # What each field counts; 0: not asked. They need not sum to 100.
    weights: dict[str, int] = Field(
        default={
            "uscc": 12,
            "customer_class": 4,
            "industry": 8,
            "size": 6,
            "region": 8,
            "address": 4,
            "phone": 8,
            "needs": 10,
            "decision_maker": 15,
            "primary_contact": 10,
            "qualification": 10,
            "product_certificate": 5,
        }
    )
    # Customer class → fields that are not asked of it.
    not_asked: dict[str, list[str]] = Field(default={})
    # From how many percent on a file may change hands without naming what is missing (LD10.1).
    bar: int = Field(default=97, ge=0, le=100)


def check_completeness(policy: CompletenessPolicy) -> list[Violation]:
    """What single fields can't say."""
    known = ", ".join(WORDS)
    found = []
    if set(policy.weights) != set(WORDS) or any(not 0 <= each <= 1000 for each in policy.weights.values()):
        found.append(Violation("body.weights", f"names {known}, each 0 to 1000", f"须包含 {known}，各为 0 至 1000"))
    elif not any(policy.weights.values()):
        found.append(Violation("body.weights", "must not all be 0", "不能全部为 0"))
    if any(each not in WORDS for fields in policy.not_asked.values() for each in fields):
        found.append(Violation("body.not_asked", f"names fields of {known}", f"字段须为 {known} 之一"))
    return found
