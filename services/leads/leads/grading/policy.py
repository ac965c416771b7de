"""What each grade requires, as a versioned policy (LD2.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from leads.lead.rules import Grade

QualificationField = Literal["first_touch_due_hours", "budget", "budget_confirmed", "decision_chain"]


class GradeCriteria(BaseModel):
    """Fields that must be known, and how they must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: tuple[QualificationField, ...] = ()
    # First touch agreed within so many hours; None: any.
    first_touch_within_hours: int | None = Field(default=None, ge=0)
    budget_must_be_confirmed: bool = False


class GradingPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    criteria: dict[Grade, GradeCriteria] = Field(
        default={
            # First touch due within 48 h, budget confirmed, decision chain clear.
            Grade.A: GradeCriteria(
                required=("first_touch_due_hours", "budget_confirmed", "decision_chain"),
                first_touch_within_hours=48,
                budget_must_be_confirmed=True,
            ),
            Grade.B: GradeCriteria(required=("first_touch_due_hours", "budget"), first_touch_within_hours=168),
            Grade.C: GradeCriteria(),
        }
    )
