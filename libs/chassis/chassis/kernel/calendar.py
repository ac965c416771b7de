"""The business calendar of P11: which instants a clock counts. Instants in and out are aware UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from chassis.kernel import holidays, windows

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIFT_OPENS = time(9, 0)
SHIFT_CLOSES = time(18, 30)
_MIDNIGHT = time(0, 0)
_DAY = timedelta(days=1)


def local_date(at: datetime) -> date:
    """The calendar day in Shanghai on which an instant falls."""
    return windows.in_utc(at).astimezone(SHANGHAI).date()


def instant(day: date, at: time = _MIDNIGHT) -> datetime:
    """The UTC instant of a Shanghai wall-clock time."""
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)


class BusinessCalendar:
    """The Chinese working calendar with make-up workdays (P11.2), and time counted on it (P11.1).

    `add_*` answers when a duration is used up, `elapsed_*` how much was counted:
    `elapsed_x(start, add_x(start, delta)) == delta` for every delta that is not negative.
    """

    def is_workday(self, day: date) -> bool:
        return holidays.is_workday(day)

    def provisional(self, year: int) -> bool:
        """True while the year's make-up workdays are not published: its days are Monday–Friday less festivals."""
        return not holidays.published(year)

    def next_workday(self, day: date) -> date:
        """The first working day after `day`."""
        return self.workday_on_or_after(day + _DAY)

    def workday_on_or_after(self, day: date) -> date:
        while not self.is_workday(day):
            day += _DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after `day`; before it when negative; `day` itself when zero."""
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def elapsed_working_days(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; negative when `end` is before `start`."""
        if end < start:
            return -sum(self.is_workday(end + _DAY * n) for n in range((start - end).days))
        return sum(self.is_workday(start + _DAY * n) for n in range(1, (end - start).days + 1))

    def in_shift(self, at: datetime) -> bool:
        """True from 09:00:00 to 18:30:00 inclusive, Shanghai time, on a working day."""
        local = windows.in_utc(at).astimezone(SHANGHAI)
        return self.is_workday(local.date()) and SHIFT_OPENS <= local.time() <= SHIFT_CLOSES

    def add_shift_time(self, start: datetime, delta: timedelta) -> datetime:
        """Counts only 09:00–18:30 of working days (golden response)."""
        return windows.add(start, delta, self._shifts)

    def elapsed_shift_time(self, start: datetime, end: datetime) -> timedelta:
        return windows.elapsed(start, end, self._shifts)

    def add_wall_time_on_workdays(self, start: datetime, delta: timedelta) -> datetime:
        """Counts the 24 hours of each working day and none of the others (recycle, commitments)."""
        return windows.add(start, delta, self._working_days)

    def elapsed_wall_time_on_workdays(self, start: datetime, end: datetime) -> timedelta:
        return windows.elapsed(start, end, self._working_days)

    def add_daily_window(self, start: datetime, delta: timedelta, opens: time, closes: time) -> datetime:
        """Counts opens–closes, Shanghai time, of every day (appeals: 08:00–22:00)."""
        return windows.add(start, delta, _daily(opens, closes))

    def elapsed_daily_window(self, start: datetime, end: datetime, opens: time, closes: time) -> timedelta:
        return windows.elapsed(start, end, _daily(opens, closes))

    def _shifts(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in windows.days_from(local_date(start)):
            if self.is_workday(day):
                yield instant(day, SHIFT_OPENS), instant(day, SHIFT_CLOSES)

    def _working_days(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in windows.days_from(local_date(start)):
            if self.is_workday(day):
                yield instant(day), instant(day + _DAY)


def _daily(opens: time, closes: time) -> windows.Windows:
    if opens >= closes:
        raise ValueError("the window opens before it closes")
    return partial(_every_day, opens, closes)


def _every_day(opens: time, closes: time, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    for day in windows.days_from(local_date(start)):
        yield instant(day, opens), instant(day, closes)
