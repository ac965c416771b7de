"""How patiently notices are sent, when they are held for the morning, and what groups hear. Versioned."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation
from integration.notifications.template_rules import TEMPLATES


class NotificationsPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=8, ge=1, le=50)
    first_pause_seconds: float = Field(default=2, ge=0)
    longest_pause_seconds: float = Field(default=900, ge=0)
    # Shanghai time. Equal: never quiet.
    quiet_from: time = time(22, 0)
    quiet_until: time = time(8, 30)
    # Kinds of notices that a group's robot says, by the robot's name; of one that is not named, `robot_kinds`.
    robots: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    robot_kinds: tuple[str, ...] = (
        "feed_degraded",
        "feed_escalated",
        "feed_recovered",
        "waits_too_long",
        "rep_paused",
    )

    def says(self, robot: str, kind: str) -> bool:
        return kind in self.robots.get(robot, self.robot_kinds)


def check(policy: NotificationsPolicy) -> list[Violation]:
    """A kind that nothing tells would silence its robot unseen."""
    named = {f"robots.{name}": kinds for name, kinds in policy.robots.items()} | {"robot_kinds": policy.robot_kinds}
    return [
        Violation(field, f"there is no notice “{kind}”", f"没有“{kind}”类通知")
        for field, kinds in named.items()
        for kind in kinds
        if kind not in TEMPLATES
    ]
