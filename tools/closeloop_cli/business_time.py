"""Moves business time through everything that is due on the way (P11.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.clock import MovableClock
from closeloop_cli.runtime.layout import SERVICES, CannotRun, Layout
from closeloop_cli.runtime.readiness import ask, settle
from closeloop_cli.typed import typed

# Clocks that are due within one minute fire in one stop, each service in their order. Without it, 300 leads that came
# in within ten seconds would ask for 300 stops at each of their clocks.
GRAIN = timedelta(minutes=1)
# Feeds run at each stop; never longer apart than this.
LONGEST_STEP = timedelta(hours=6)
SHANGHAI = ZoneInfo("Asia/Shanghai")
STEP = re.compile(r"^\+(\d+)(m|h|d)$")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class BusinessTime:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._clock = MovableClock(layout.clock, mode="local")

    def now(self) -> datetime:
        return self._clock.now()

    def begin(self, at: datetime) -> None:
        """Sets the clock, also back: only before anything was written at a later time."""
        self._layout.clock.unlink(missing_ok=True)
        self._clock.move_to(at)

    def move_to(self, target: datetime, watch: Callable[[datetime], None] | None = None) -> int:
        """Through every due instant in order; returns the number of stops. Raises CannotRun for the past."""
        if target < self.now():
            raise CannotRun(f"it is already {self.now().isoformat(timespec='seconds')}: time does not move back")
        stops = 0
        while (now := self.now()) < target:
            at = min(target, self._next_stop(now))
            self._clock.move_to(max(at, self.now()))
            settle(self._layout)
            stops += 1
            if watch:
                watch(at)
        return stops

    def leap_to(self, target: datetime) -> None:
        """Without a stop, as when a machine sleeps: what was due on the way fires now, late. Raises CannotRun."""
        if target < self.now():
            raise CannotRun(f"it is already {self.now().isoformat(timespec='seconds')}: time does not move back")
        self._clock.move_to(target)
        settle(self._layout)

    def _next_stop(self, now: datetime) -> datetime:
        due = self._next_dated()
        latest = now + LONGEST_STEP
        return latest if due is None or due > latest else max(due, now) + GRAIN

    def _next_dated(self) -> datetime | None:
        """Earliest clock or daily job of all services; what repeats every few minutes catches up at each stop."""

        def of(name: str) -> datetime | None:
            answer = ask(f"{self._layout.side_url(name)}/local/next-due")
            if answer is None or "next_dated" not in answer:
                raise CannotRun(f"{name} does not answer: is the system up? ({typed('status')})")
            return datetime.fromisoformat(answer["next_dated"]) if answer["next_dated"] else None

        with ThreadPoolExecutor(len(SERVICES)) as pool:
            return min((at for at in pool.map(of, SERVICES) if at is not None), default=None)


def read_target(text: str, now: datetime) -> datetime:
    """ "+24h", "+30m", "+2d", or an instant with its zone. Raises CannotRun."""
    if match := STEP.match(text):
        return now + int(match[1]) * UNITS[match[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"{text} is no time: write +24h, +30m, +2d or 2026-03-11T10:00:00+08:00") from None
    if at.tzinfo is None:
        raise CannotRun(f"{text} has no zone: write {text}+08:00")
    return at.astimezone(UTC)
