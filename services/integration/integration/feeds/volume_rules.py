"""When a source brings unusually little or much, though every call succeeded (N2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from statistics import median

from chassis.kernel.calendar import BusinessCalendar
from integration.feeds.rules import Hole

DAYS = 28
# With fewer days of the kind nothing is usual yet, and with fewer records a day nothing is unusual.
FEWEST_DAYS = 5
FEWEST_RECORDS = 20


def unusual(counts: Mapping[date, int], yesterday: date, factor: float, calendar: BusinessCalendar) -> Hole | None:
    """Yesterday against the median of the days of its kind, working or not, in the four weeks before.

    `counts`: new records by day; a day that is not named had none, but days before the first say nothing.
    """
    kind = calendar.is_workday(yesterday)
    first = min(counts, default=yesterday)
    before = (yesterday - timedelta(days=each) for each in range(1, DAYS + 1))
    usual = [counts.get(day, 0) for day in before if day >= first and calendar.is_workday(day) == kind]
    if not factor or len(usual) < FEWEST_DAYS or median(usual) < FEWEST_RECORDS:
        return None
    count, middle = counts.get(yesterday, 0), median(usual)
    if middle / factor <= count <= middle * factor:
        return None
    return Hole(
        f"{count} new records on {yesterday}, usually {middle:g}", f"{yesterday} 新增 {count} 条，通常为 {middle:g} 条"
    )
