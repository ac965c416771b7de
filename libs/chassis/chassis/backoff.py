"""How long to wait before the next try of work that failed."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)


def pause(failures: int) -> timedelta:
    """After `failures` earlier failures: one second, doubled each time, at most five minutes. Real time."""
    return min(FIRST * (1 << min(failures, 20)), LONGEST)
