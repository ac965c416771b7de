"""Which customers were lost after a handover (LD10.1: within 30 days).

Lost is who says so, or who decides against us:
    reported          the new owner or a manager reports that the customer leaves, with the reason
    opportunity_lost  an opportunity of the customer is lost within the window, and nothing is won or ordered since
Silence is not loss: a firm that buys machines is silent for months. Whoever lost interest shows as an opportunity lost
or in the churn figures (LD9.2), which wait 30, 90 and 180 days for an order.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class LossWhy(StrEnum):
    REPORTED = "reported"
    OPPORTUNITY_LOST = "opportunity_lost"


def is_watched(at: datetime, moved_at: datetime | None, until: datetime | None) -> bool:
    """Whether something that happened to a customer counts for the handover. The whole handover has one end of its
    window; until it has moved whole, the window is open."""
    return moved_at is not None and moved_at <= at and (until is None or at < until)


def loss_rate(lost: int, moved: int) -> float | None:
    """None when no customer moved."""
    return round(lost / moved, 4) if moved else None
