"""Arithmetic on time that only counts inside windows, such as shift hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

# Windows from the one that holds or follows an instant on: aware UTC, in order, without overlap.
Windows = Callable[[datetime], Iterator[tuple[datetime, datetime]]]

ZERO = timedelta(0)


def add(start: datetime, delta: timedelta, windows: Windows) -> datetime:
    """The first instant at which `delta` has been counted since `start`; `start` itself when delta is zero."""
    if delta < ZERO:
        raise ValueError("time counts forward only")
    start = in_utc(start)
    if delta == ZERO:
        return start
    for opens, closes in windows(start):
        begin = max(opens, start)
        if delta <= closes - begin:
            return begin + delta
        delta -= max(closes - begin, ZERO)
    raise OverflowError("the calendar ends before the time does")


def elapsed(start: datetime, end: datetime, windows: Windows) -> timedelta:
    """How much of start → end lies inside the windows; zero when end is not after start."""
    start, end = in_utc(start), in_utc(end)
    counted = ZERO
    if end <= start:
        return counted
    for opens, closes in windows(start):
        if opens >= end:
            break
        counted += max(min(closes, end) - max(opens, start), ZERO)
    return counted


def in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return at.astimezone(UTC)


def days_from(day: date) -> Iterator[date]:
    """Every day from `day` on, until the calendar's last."""
    while True:
        yield day
        if day == date.max:
            return
        day += timedelta(days=1)
