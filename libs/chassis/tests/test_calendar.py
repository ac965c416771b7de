from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.calendar import SHANGHAI, BusinessCalendar, instant, local_date

calendar = BusinessCalendar()
HOUR = timedelta(hours=1)

instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
durations = st.timedeltas(timedelta(0), timedelta(days=40))
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.spec("P11.1")
@given(instants, durations)
def test_shift_time_added_is_shift_time_elapsed(start: datetime, delta: timedelta) -> None:
    end = calendar.add_shift_time(start, delta)
    assert calendar.elapsed_shift_time(start, end) == delta
    assert delta == timedelta(0) or calendar.in_shift(end)


@pytest.mark.spec("P11.1")
@given(instants, durations)
def test_wall_time_on_workdays_added_is_the_time_elapsed(start: datetime, delta: timedelta) -> None:
    end = calendar.add_wall_time_on_workdays(start, delta)
    assert calendar.elapsed_wall_time_on_workdays(start, end) == delta
    assert end - start >= delta


@pytest.mark.spec("P11.1")
@given(instants, durations, st.sampled_from([(time(8), time(22)), (time(0), time(23, 59)), (time(9), time(9, 1))]))
def test_daily_window_time_added_is_the_time_elapsed(
    start: datetime, delta: timedelta, window: tuple[time, time]
) -> None:
    end = calendar.add_daily_window(start, min(delta, 3 * HOUR), *window)
    assert calendar.elapsed_daily_window(start, end, *window) == min(delta, 3 * HOUR)


@pytest.mark.spec("P11.1")
@given(instants, durations, durations)
def test_elapsed_time_adds_up_over_any_cut(start: datetime, one: timedelta, two: timedelta) -> None:
    middle, end = start + one, start + one + two
    for elapsed in (calendar.elapsed_shift_time, calendar.elapsed_wall_time_on_workdays):
        assert elapsed(start, middle) + elapsed(middle, end) == elapsed(start, end)


@given(days, st.integers(0, 60))
def test_working_days_added_are_working_days_elapsed(day: date, count: int) -> None:
    later, earlier = calendar.add_working_days(day, count), calendar.add_working_days(day, -count)
    assert calendar.elapsed_working_days(day, later) == count
    assert calendar.elapsed_working_days(day, earlier) == -count
    assert calendar.next_workday(day) == calendar.add_working_days(day, 1)


@pytest.mark.spec("P11.1")
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-10T10:00", 4, "2026-03-10T14:00"),  # a Tuesday, inside the shift
        ("2026-03-10T17:30", 4, "2026-03-11T12:00"),  # suspended overnight
        ("2026-03-10T07:00", 1, "2026-03-10T10:00"),  # before the shift opens
        ("2026-03-10T18:30", 1, "2026-03-11T10:00"),  # as it closes
        ("2026-03-13T18:00", 1, "2026-03-16T09:30"),  # over a weekend
        ("2026-03-14T12:00", 1, "2026-03-16T10:00"),  # on a Saturday
        ("2026-02-14T18:00", 1, "2026-02-24T09:30"),  # make-up Saturday, then the whole Spring Festival
        ("2026-02-27T18:00", 1, "2026-02-28T09:30"),  # Friday to the make-up Saturday after it
        ("2026-03-10T09:00", 9.5, "2026-03-10T18:30"),  # a whole shift ends with it
    ],
)
def test_shift_time(start: str, hours: float, end: str) -> None:
    assert calendar.add_shift_time(shanghai(start), hours * HOUR) == shanghai(end)


@pytest.mark.spec("P11.1")
def test_wall_time_leaves_out_whole_days_that_are_not_worked() -> None:
    assert calendar.add_wall_time_on_workdays(shanghai("2026-03-13T22:00"), 24 * HOUR) == shanghai("2026-03-16T22:00")
    assert calendar.add_wall_time_on_workdays(shanghai("2026-02-13T20:00"), 28 * HOUR) == shanghai("2026-02-15T00:00")
    assert calendar.add_wall_time_on_workdays(shanghai("2026-02-13T20:00"), 29 * HOUR) == shanghai("2026-02-24T01:00")
    assert calendar.add_wall_time_on_workdays(shanghai("2026-02-18T20:00"), HOUR) == shanghai("2026-02-24T01:00")


@pytest.mark.spec("P11.1")
def test_a_daily_window_counts_weekends_and_festivals_too() -> None:
    end = calendar.add_daily_window(shanghai("2026-02-17T21:00"), 4 * HOUR, time(8), time(22))
    assert end == shanghai("2026-02-18T11:00")
    with pytest.raises(ValueError, match="window"):
        calendar.add_daily_window(end, HOUR, time(22), time(8))


@pytest.mark.spec("P11.2")
def test_the_published_year_knows_festivals_and_make_up_workdays() -> None:
    worked = [day for day in range(12, 29) if calendar.is_workday(date(2026, 2, day))]
    assert worked == [12, 13, 14, 24, 25, 26, 27, 28]
    assert not calendar.provisional(2026)
    assert calendar.workday_on_or_after(date(2026, 2, 15)) == date(2026, 2, 24)
    assert calendar.workday_on_or_after(date(2026, 2, 28)) == date(2026, 2, 28)


@pytest.mark.spec("P11.2")
def test_a_year_not_published_falls_back_to_weekdays_less_festivals() -> None:
    assert calendar.provisional(2031)
    # New year's day, lunar new year 2031-01-23 with its eve, dragon boat 06-24, mid-autumn 10-01.
    for day in ((1, 1), (1, 22), (1, 23), (1, 24), (6, 24), (10, 1)):
        assert not calendar.is_workday(date(2031, *day)), day
    assert not calendar.is_workday(date(2028, 4, 4))  # Qingming
    assert calendar.is_workday(date(2031, 1, 27))
    assert not calendar.is_workday(date(2031, 1, 26))  # Sundays are never guessed to be worked


@given(st.dates(date(2027, 1, 1), date(2098, 12, 31)))
def test_every_provisional_year_rests_on_its_own_lunar_new_year(day: date) -> None:
    assert calendar.is_workday(day) <= (day.weekday() < 5)
    off = sum(not calendar.is_workday(date(day.year, 1, 1) + timedelta(days=n)) for n in range(365))
    assert 104 <= off <= 118


def test_shanghai_is_eight_hours_ahead_all_year() -> None:
    for month in range(1, 13):
        assert instant(date(2026, month, 1), time(9)) == datetime(2026, month, 1, 1, tzinfo=UTC)
    assert local_date(datetime(2026, 3, 9, 16, tzinfo=UTC)) == date(2026, 3, 10)
    assert calendar.add_shift_time(shanghai("2026-03-10T10:00"), HOUR).tzinfo is UTC


@pytest.mark.spec("A2.4")
def test_the_shift_includes_its_first_and_last_second() -> None:
    assert calendar.in_shift(shanghai("2026-03-10T09:00:00"))
    assert calendar.in_shift(shanghai("2026-03-10T18:30:00"))
    assert not calendar.in_shift(shanghai("2026-03-10T18:30:01"))
    assert not calendar.in_shift(shanghai("2026-03-10T08:59:59"))
    assert calendar.in_shift(shanghai("2026-02-28T10:00:00"))
    assert not calendar.in_shift(shanghai("2026-03-14T10:00:00"))


def test_naive_instants_and_negative_durations_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar.add_shift_time(datetime(2026, 3, 10, 10), HOUR)  # noqa: DTZ001
    with pytest.raises(ValueError, match="forward"):
        calendar.add_shift_time(shanghai("2026-03-10T10:00"), -HOUR)
    assert calendar.elapsed_shift_time(shanghai("2026-03-10T12:00"), shanghai("2026-03-10T10:00")) == timedelta(0)
