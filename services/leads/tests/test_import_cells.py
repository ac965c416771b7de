"""Cells of a table as days and times (LD13.1)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.calendar import SHANGHAI
from leads.imports.cell_rules import CellProblem, day, moment


@pytest.mark.spec("LD13.1")
@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.times())
def test_days_are_read_in_every_usual_spelling(on: date, clock: time) -> None:
    at = datetime.combine(on, clock, SHANGHAI)
    for spelt in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%S"):
        assert day(at.strftime(spelt)) == on
    told_at = moment(at.strftime("%Y-%m-%d %H:%M:%S"))
    assert told_at.timestamp() == at.replace(microsecond=0).timestamp()


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize("wrong", ["", "昨天", "2024-13-01", "2024-02-30", "2024", "1/2/2024", "٢٠٢٤-01-01", "2024-1-"])
def test_what_is_no_day_is_refused(wrong: str) -> None:
    with pytest.raises(CellProblem):
        day(wrong)
    with pytest.raises(CellProblem):
        moment(wrong)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(CellProblem):
        moment("2024-03-01 25:00")
    assert moment("2024-03-01") - moment("2024-03-01 09:00") == timedelta(hours=3)
