"""Which days are worked in China: the published calendar, and a forecast of it for years not yet published."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
from lunardate import LunarDate

_HOLIDAYS: frozenset[date] = frozenset(chinese_calendar.constants.holidays)
_MAKE_UP_DAYS: frozenset[date] = frozenset(chinese_calendar.constants.workdays)
_FIRST_PUBLISHED = min(_HOLIDAYS).year
_LAST_PUBLISHED = max(_HOLIDAYS).year


def published(year: int) -> bool:
    """True when the State Council's arrangement of the year is known, make-up workdays included."""
    return _FIRST_PUBLISHED <= year <= _LAST_PUBLISHED


def is_workday(day: date) -> bool:
    if published(day.year):
        return day in _MAKE_UP_DAYS or (day.weekday() < 5 and day not in _HOLIDAYS)
    return day.weekday() < 5 and day not in statutory_holidays(day.year)


@lru_cache(maxsize=256)
def statutory_holidays(year: int) -> frozenset[date]:
    """The thirteen days fixed by law; which weekends are worked in exchange is unknown until published (P11.2)."""
    spring = _lunar(year, 1, 1)
    return frozenset(
        {
            date(year, 1, 1),
            *(spring + timedelta(days=offset) for offset in (-1, 0, 1, 2)),
            _qingming(year),
            date(year, 5, 1),
            date(year, 5, 2),
            _lunar(year, 5, 5),
            _lunar(year, 8, 15),
            *(date(year, 10, day) for day in (1, 2, 3)),
        }
    )


def _lunar(year: int, month: int, day: int) -> date:
    solar: date = LunarDate(year, month, day).to_solar_date()
    return solar


def _qingming(year: int) -> date:
    terms: list[tuple[date, str]] = chinese_calendar.get_solar_terms(date(year, 4, 3), date(year, 4, 7))
    for day, term in terms:
        if term == "清明":
            return day
    raise ValueError(f"no Qingming in {year}")
