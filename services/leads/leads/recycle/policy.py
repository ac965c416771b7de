"""The numbers of LD6 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation
from leads.lead.rules import Grade


class RecyclePolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Wall time without non-working days (P11.1), since the last effective action; B and C may be longer.
    warning_hours: dict[Grade, int] = Field(default={Grade.A: 20, Grade.B: 20, Grade.C: 20})
    recycle_hours: dict[Grade, int] = Field(default={Grade.A: 24, Grade.B: 24, Grade.C: 24})
    # LD5.3: what a change of this policy means for clocks that run: they keep their due time, or are counted anew.
    running_clocks: Literal["keep", "follow"] = "keep"

    def warning_after(self, grade: Grade) -> timedelta:
        return timedelta(hours=self.warning_hours[grade])

    def recycle_after(self, grade: Grade) -> timedelta:
        return timedelta(hours=self.recycle_hours[grade])


def check_recycle(policy: RecyclePolicy) -> list[Violation]:
    """What single fields can't say."""
    named = {"warning_hours": policy.warning_hours, "recycle_hours": policy.recycle_hours}
    wrong = [
        Violation(f"body.{name}", "names A, B and C, each at least 1 hour", "须包含 A、B、C，且每项至少 1 小时")
        for name, hours in named.items()
        if set(hours) != set(Grade) or any(each < 1 for each in hours.values())
    ]
    if wrong:
        return wrong
    if any(policy.warning_hours[each] >= policy.recycle_hours[each] for each in Grade):
        return [Violation("body.warning_hours", "must be below recycle_hours", "必须小于 recycle_hours")]
    return []
