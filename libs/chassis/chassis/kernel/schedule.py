"""When dated and repeated work is due, in business time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chassis.kernel.calendar import BusinessCalendar, instant, local_date

_DAY = timedelta(days=1)
_MIDNIGHT = time(0, 0)


@dataclass(frozen=True)
class Schedule:
    """Either `every` so often, or `daily_at` a Shanghai time; on `workdays_only` when asked."""

    every: timedelta | None = None
    daily_at: time | None = None
    workdays_only: bool = False

    def __post_init__(self) -> None:
        if (self.every is None) == (self.daily_at is None):
            raise ValueError("a schedule has either a period or a time of day")
        if self.every is not None and self.every <= timedelta(0):
            raise ValueError("a period is longer than nothing")

    def first(self, now: datetime) -> datetime:
        """Repeated work starts at once, daily work at its time."""
        return self._worked(now) if self.every is not None else self.after(now, now)

    def after(self, due: datetime, now: datetime) -> datetime:
        """The first instant past both `due` and `now`; what was missed in between is not made up for.

        Repeated work keeps its rhythm: instants are whole periods from `due`.
        """
        passed = max(due, now)
        if self.every is not None:
            return self._worked(due + self.every * ((passed - due) // self.every + 1))
        return self._daily(passed)

    def latest(self, now: datetime) -> datetime:
        """No instant due after this one can be the next: it comes from a clock that has been set back since."""
        return self._worked(now + self.every) if self.every is not None else self._daily(now)

    def __str__(self) -> str:
        when = f"every {self.every}" if self.every is not None else f"daily at {self.daily_at}"
        return f"{when} on workdays" if self.workdays_only else when

    def _daily(self, passed: datetime) -> datetime:
        at = self.daily_at or _MIDNIGHT
        day = local_date(passed)
        if instant(day, at) <= passed:
            day += _DAY
        return instant(self._workday(day), at)

    def _worked(self, at: datetime) -> datetime:
        """Repeated work that falls on a day off moves to the start of the next working day."""
        day = local_date(at)
        worked = self._workday(day)
        return at if worked == day else instant(worked)

    def _workday(self, day: date) -> date:
        return BusinessCalendar().workday_on_or_after(day) if self.workdays_only else day
