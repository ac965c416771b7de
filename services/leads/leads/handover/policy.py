"""The numbers and words of LD10 as a versioned policy."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation

# What a message to a customer may speak of.
PLACEHOLDERS = frozenset({"customer", "giver", "taker"})


class HandoverPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Wall time. Ownership moves by itself after `move_minutes`; what has not moved at `deadline_minutes` is late.
    move_minutes: int = Field(default=90, ge=0, le=1440)
    deadline_minutes: int = Field(default=120, ge=1, le=1440)
    # LD3.2's load up to which a rep takes over leads.
    load_cap: float = Field(default=1.5, ge=0.1, le=10)
    same_team_first: bool = True
    # An account frozen for so long counts as gone; 0: it never does by itself.
    frozen_days: int = Field(default=3, ge=0, le=60)
    # Wall time without non-working days between two reminders of the check-off, and how many there are.
    remind_hours: int = Field(default=24, ge=1, le=720)
    reminders: int = Field(default=5, ge=0, le=30)
    loss_days: int = Field(default=30, ge=1, le=365)
    message_en: str = Field(
        default="Dear {customer}, from today {taker} looks after you in place of {giver}. Everything agreed stays as it"
        " is; {taker} has the whole file.",
        min_length=1,
        max_length=1000,
    )
    message_zh: str = Field(
        default="尊敬的{customer}：即日起由{taker}接替{giver}为您服务。此前约定的事项保持不变，相关资料已全部移交给{taker}。",
        min_length=1,
        max_length=1000,
    )

    @property
    def move_after(self) -> timedelta:
        return timedelta(minutes=self.move_minutes)

    @property
    def late_after(self) -> timedelta:
        return timedelta(minutes=self.deadline_minutes)

    @property
    def frozen_for(self) -> timedelta:
        return timedelta(days=self.frozen_days)

    @property
    def remind_after(self) -> timedelta:
        return timedelta(hours=self.remind_hours)

    @property
    def watched_for(self) -> timedelta:
        return timedelta(days=self.loss_days)


def check_handover(policy: HandoverPolicy) -> list[Violation]:
    """What single fields can't say."""
    found = []
    if policy.move_minutes > policy.deadline_minutes:
        found.append(Violation("body.move_minutes", "must not be above deadline_minutes", "不能大于 deadline_minutes"))
    for name in ("message_en", "message_zh"):
        if not _is_good(getattr(policy, name)):
            known = ", ".join(sorted(PLACEHOLDERS))
            found.append(Violation(f"body.{name}", f"may only speak of {known}", f"仅可使用占位符 {known}"))
    return found


def _is_good(template: str) -> bool:
    try:
        used = [
            (name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template) if name is not None
        ]
    except ValueError:
        return False
    return all(name in PLACEHOLDERS and not spec and not conversion for name, spec, conversion in used)
