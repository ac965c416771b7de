"""Whole months of the Shanghai calendar."""

from __future__ import annotations

from datetime import date, datetime

from chassis.kernel.calendar import instant


def period(first_month: str, months: int) -> tuple[datetime, datetime]:
    """From the first instant of `first_month` ("2026-03") to that after the last month."""
    year, month = (int(part) for part in first_month.split("-"))
    end = year * 12 + month - 1 + max(months, 1)
    return instant(date(year, month, 1)), instant(date(end // 12, end % 12 + 1, 1))
