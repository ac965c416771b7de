"""Limits of the pool, and what a search finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition
from leads.pool.policy import PoolPolicy
from leads.pool.rules import Standing, check_claim, extend, masked
from leads.pool.search_rules import Part, PieceShares
from leads.pool.word_rules import runs_of, words_of

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
POLICY = PoolPolicy()


@pytest.mark.spec("LD7.1")
@given(st.integers(0, 40), st.integers(0, 60), st.none() | st.integers(0, 200))
def test_a_claim_passes_just_within_the_limits(today: int, held: int, hours_ago: int | None) -> None:
    had = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    allowed = today < 10 and held < 30 and (hours_ago is None or hours_ago >= 72)
    try:
        check_claim(Standing(today, held, had), NOW, POLICY)
        passed = True
    except FailedPrecondition:
        passed = False
    assert passed == allowed


@pytest.mark.spec("LD7.1")
def test_two_extensions_and_no_third() -> None:
    assert [extend(0, POLICY), extend(1, POLICY)] == [1, 2]
    with pytest.raises(FailedPrecondition):
        extend(2, POLICY)


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize(
    ("phone", "shown"), [("+8613800138000", "138****8000"), ("+85291234567", "+852****4567"), ("", "")]
)
def test_a_phone_in_the_pool_is_masked(phone: str, shown: str) -> None:
    assert masked(phone) == shown


NAMES = st.text(st.sampled_from("杭州云启科技重庆银行乐ABz09 （）"), min_size=1, max_size=12)


@pytest.mark.spec("LD7.1")
@given(NAMES, NAMES, st.sampled_from(["", "+8613800138000", "+85291234567"]), st.data())
def test_pieces_select_whatever_the_comparison_finds(name: str, contact: str, phone: str, data: st.DataObject) -> None:
    """Any part of what a lead is found by finds it, and its pieces are all there."""
    words = words_of(name, contact, phone)
    whole = data.draw(st.sampled_from([each for each in vars(words).values() if each] or ["x"]))
    start = data.draw(st.integers(0, len(whole) - 1))
    sought = whole[start : data.draw(st.integers(start + 1, len(whole)))]
    for run in runs_of(sought):
        if run.in_words(words):
            assert chosen(PieceShares().query([run], Part()), set(words.pieces))


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize(
    ("name", "sought"), [("LG电子", "LG"), ("惠普HP上海", "hp"), ("GE 医疗", "ｇｅ"), ("3M中国", "m")]
)
def test_latin_letters_of_a_name_find_it_however_few(name: str, sought: str) -> None:
    words = words_of(name, "", "")
    (run,) = runs_of(sought)
    assert run.in_words(words)
    assert chosen(PieceShares().query([run], Part()), set(words.pieces))


def chosen(query: str, pieces: set[str]) -> bool:
    """What PostgreSQL does with the query."""
    either = query.strip("()").split(") | (")
    return any({each.strip("'") for each in one.split(" & ")} <= pieces for one in either)
