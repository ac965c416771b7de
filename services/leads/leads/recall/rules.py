"""From which instant on a departed employee's leads are taken back (LD4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chassis.kernel.calendar import instant, local_date


class RecallClock(StrEnum):
    DEPARTED = "recall.departed"


@dataclass(frozen=True)
class Departure:
    """What HR said of it. `version` is the employee's, so that an older word that comes late starts nothing."""

    employee_id: str
    version: int
    left_on: date | None
    status_since: datetime | None
    as_of: datetime


def departed_at(departure: Departure) -> datetime:
    """The instant HR gives for the status, but within the last day or at its end: HR may have entered it weeks before
    or a month later. Without an instant the whole last day counts, or the day of the answer."""
    last_day = departure.left_on
    if last_day is None:
        return departure.status_since or instant(local_date(departure.as_of))
    begins, ends = instant(last_day), instant(last_day + timedelta(days=1))
    if departure.status_since is None:
        return begins
    return min(max(departure.status_since, begins), ends)
