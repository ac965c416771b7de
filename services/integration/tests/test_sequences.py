"""Numbered records: whatever order they come in, what is missing is known, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.feeds.errors import SourceFailed
from integration.feeds.numbered import numbered_pages
from integration.feeds.sequence_rules import Gap, Progress, advance, completed, proof_of

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
PARTS = st.lists(st.lists(st.integers(1, 60), max_size=20), max_size=6)


@pytest.mark.spec("N2.1")
@given(PARTS)
def test_what_never_came_is_what_is_missing_between_the_first_and_the_last(parts: list[list[int]]) -> None:
    progress = Progress()
    for part in parts:
        progress = advance(progress, part, NOW)
    first = next((min(part) for part in parts if part), 0)
    came = {each for part in parts for each in part if each >= first}
    missing = {number for gap in progress.gaps for number in range(gap.first, gap.last + 1)}
    assert progress.last == max(came, default=0)
    assert missing == set(range(first, progress.last)) - came
    assert Progress.of(progress.checkpoint) == progress


def test_complete_is_what_was_there_before_the_first_gap() -> None:
    progress = completed(advance(Progress(), [1, 2], NOW), NOW, NOW - timedelta(days=5))
    assert proof_of(progress).complete_until == NOW
    later = NOW + timedelta(minutes=1)
    broken = completed(advance(progress, [5], later), later, NOW - timedelta(days=5))
    assert broken.gaps == (Gap(3, 4, NOW, later),)
    assert (proof_of(broken).complete_until, proof_of(broken).holes[0].en) == (NOW, "records 3–4 did not come")
    assert completed(broken, later, later + timedelta(seconds=1)).gaps == ()


def test_what_was_lost_while_nobody_read_is_told_before_it_is_given_up() -> None:
    """After a week without a run the source no longer has the first days: that is said, not passed over."""
    week, kept = timedelta(days=7), timedelta(days=5)
    progress = completed(advance(Progress(), [1, 2], NOW), NOW, NOW - kept)
    back = completed(advance(progress, [90], NOW + week), NOW + week, NOW + week - kept)
    assert [(each.first, each.last) for each in back.gaps] == [(3, 89)]
    assert proof_of(back).complete_until == NOW


@pytest.mark.spec("N1.2")
def test_a_source_that_goes_round_in_circles_is_left() -> None:
    with pytest.raises(SourceFailed, match="do not grow"):
        list(numbered_pages(lambda after: [{"seq": 1}], "", NOW, timedelta(days=1)))
