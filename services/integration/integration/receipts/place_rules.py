"""The place of a statement without a number in its account's chain: by its last day, then by its first (N2.2)."""

from __future__ import annotations

from datetime import date

ROOM = 10**8


def place_of(first: date, last: date) -> int:
    return _day(last) * ROOM + _day(first)


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
