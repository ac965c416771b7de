from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.calendar import SHANGHAI, BusinessCalendar, local_date
from chassis.kernel.schedule import Schedule

instants = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
schedules = st.one_of(
    st.builds(
        Schedule,
        every=st.timedeltas(timedelta(seconds=1), timedelta(days=3)),
        workdays_only=st.booleans(),
    ),
    st.builds(Schedule, daily_at=st.times(), workdays_only=st.booleans()),
)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(schedules, instants, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_the_next_instant_is_past_both_and_on_a_day_the_schedule_allows(
    schedule: Schedule, due: datetime, late: timedelta
) -> None:
    following = schedule.after(due, due + late)
    assert following > due + late
    assert schedule.first(due) >= due
    for at in (following, schedule.first(due), schedule.latest(due)):
        assert not schedule.workdays_only or BusinessCalendar().is_workday(local_date(at))
    assert following <= schedule.latest(due + late)


def test_daily_work_on_workdays_skips_the_weekend_and_keeps_make_up_days() -> None:
    sample = Schedule(daily_at=time(8, 30), workdays_only=True)
    assert sample.after(shanghai("2026-03-13T08:30"), shanghai("2026-03-13T08:30")) == shanghai("2026-03-16T08:30")
    assert sample.after(shanghai("2026-02-27T08:30"), shanghai("2026-02-27T09:00")) == shanghai("2026-02-28T08:30")
    assert sample.first(shanghai("2026-03-10T08:29")) == shanghai("2026-03-10T08:30")


def test_repeated_work_keeps_its_rhythm_after_an_outage_and_makes_up_for_nothing() -> None:
    feed = Schedule(every=timedelta(minutes=5))
    assert feed.first(shanghai("2026-03-10T10:02")) == shanghai("2026-03-10T10:02")
    assert feed.after(shanghai("2026-03-10T10:00"), shanghai("2026-03-10T10:00:01")) == shanghai("2026-03-10T10:05")
    assert feed.after(shanghai("2026-03-10T10:00"), shanghai("2026-03-10T13:07")) == shanghai("2026-03-10T13:10")


@pytest.mark.parametrize("wrong", [{}, {"every": timedelta(0)}, {"every": timedelta(1), "daily_at": time(1)}])
def test_a_schedule_is_either_repeated_or_daily(wrong: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match=r"schedule|period"):
        Schedule(**wrong)  # type: ignore[arg-type]
