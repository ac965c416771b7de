"""Which customers were lost after a handover (LD10.1: within 30 days).

Lost is who says so, or who decides against us:
    reported          the new owner or a manager reports that the customer leaves, with the reason
    opportunity_lost  an opportunity of the customer is lost within the window, and nothing is won or ordered since
Silence is not loss: a firm that buys machines is silent for months. Whoever lost interest shows as an opportunity lost
or in the churn figures (LD9.2), which wait 30, 90 and 180 days for an order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from chassis.kernel.calendar import instant, local_date


class LossWhy(StrEnum):
    REPORTED = "reported"
    OPPORTUNITY_LOST = "opportunity_lost"


@dataclass(frozen=True)
class Loss:
    """An opportunity of the customer that was lost."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Heard:
    """All that was told of a customer. `signed`: days of the Shanghai calendar; an order has no hour."""

    losses: list[Loss] = field(default_factory=list)
    won: list[datetime] = field(default_factory=list)
    signed: list[date] = field(default_factory=list)

    def loss_within(self, moved_at: datetime | None, until: datetime | None) -> Loss | None:
        """The latest loss, unless something was won since or an order signed on its day or later, all within the
        window."""
        watched = [each for each in self.losses if is_watched(each.at, moved_at, until)]
        if not watched:
            return None
        last = max(watched, key=lambda each: (each.at, each.reason))
        won = any(last.at <= each and is_watched(each, moved_at, until) for each in self.won)
        day = local_date(last.at)
        signed = any(day <= each and (until is None or instant(each) < until) for each in self.signed)
        return None if won or signed else last


def is_watched(at: datetime, moved_at: datetime | None, until: datetime | None) -> bool:
    """Whether something that happened to a customer counts for the handover. The whole handover has one end of its
    window; until it has moved whole, the window is open."""
    return moved_at is not None and moved_at <= at and (until is None or at < until)


def loss_rate(lost: int, moved: int) -> float | None:
    """None when no customer moved."""
    return round(lost / moved, 4) if moved else None
