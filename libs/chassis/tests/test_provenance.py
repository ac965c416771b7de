"""What a figure says about the feeds it rests on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.provenance import FeedState, least_complete, provenance

UNTIL = datetime(2026, 2, 9, 10, 0, tzinfo=UTC)

feeds = st.builds(
    FeedState,
    st.sampled_from(["bank", "bank_front_end", "bank_drop"]),
    st.booleans(),
    st.none() | st.integers(0, 100).map(lambda hours: UNTIL + timedelta(hours=hours)),
)


@pytest.mark.spec("N2.2")
def test_a_figure_says_until_when_its_bank_data_are_complete() -> None:
    said = provenance("d", FeedState("bank", complete=False, complete_until=UNTIL))
    assert said.provisional
    assert said.note == "provisional, bank data until 2026-02-09 18:00"
    assert said.note_zh == "暂定，银行数据截至 2026-02-09 18:00"


@pytest.mark.spec("N2.2")
def test_a_bank_that_never_proved_anything_gives_no_time() -> None:
    said = provenance("d", FeedState("bank", complete=False, complete_until=None))
    assert said.provisional
    assert said.note == "provisional, bank data not yet proved complete"


@pytest.mark.spec("N2.2")
def test_a_complete_feed_and_one_never_heard_of_leave_no_note() -> None:
    complete = provenance("d", FeedState("bank", complete=True, complete_until=UNTIL))
    assert (complete.provisional, complete.complete_until, complete.note, complete.note_zh) == (False, UNTIL, "", "")
    assert not provenance("d", None).provisional


@pytest.mark.spec("N2.2")
@given(st.lists(feeds, max_size=5))
def test_several_feeds_are_as_complete_as_the_least_of_them(states: list[FeedState]) -> None:
    said = provenance("d", least_complete(states))
    assert said.provisional == any(not each.complete for each in states)
    lagging = [each.complete_until for each in states if not each.complete]
    if lagging:
        assert said.complete_until == (None if None in lagging else min(filter(None, lagging)))
