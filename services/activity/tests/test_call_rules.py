from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activity.calls.policy import DEFAULT_KEYWORDS, CallPolicy
from activity.calls.rules import Keyword, Utterance, analyse
from activity.parties.phone_rules import to_e164

CALL = [
    Utterance("rep", 3, "您好，想了解一下贵校的采购预算。"),
    Utterance("customer", 21, "预算大概八十万，月底拍板。"),
    Utterance("customer", 64, "你们和友商比，交货怎么样？能便宜吗？"),
    Utterance("rep", 80, "下周可以安排演示，方便吗？"),
]
utterances = st.lists(
    st.builds(
        Utterance,
        st.sampled_from(["rep", "customer"]),
        st.integers(0, 600),
        st.sampled_from(["预算多少？", "嗯。", "友商更便宜。", "什么时候交货？", "好的。"]),
    ),
    max_size=12,
)


@pytest.mark.spec("A5.1")
def test_keywords_carry_topic_time_and_speaker() -> None:
    found = analyse(CALL, DEFAULT_KEYWORDS, 200).keywords
    assert found == (
        Keyword("budget", "预算", 3, "rep"),
        Keyword("budget", "预算", 21, "customer"),
        Keyword("decision_time", "月底", 21, "customer"),
        Keyword("competitor", "友商", 64, "customer"),
        Keyword("delivery", "交货", 64, "customer"),
        Keyword("decision_time", "下周", 80, "rep"),
    )


@pytest.mark.spec("A5.1")
def test_questions_and_talk_are_counted_per_side() -> None:
    found = analyse(CALL, DEFAULT_KEYWORDS, 200)
    assert (found.rep_questions, found.customer_questions) == (1, 2)
    assert found.talk_ratio == round((len(CALL[0].text) + len(CALL[3].text)) / sum(len(each.text) for each in CALL), 4)


@pytest.mark.spec("A5.1")
def test_without_a_transcript_nothing_is_said_of_the_talk() -> None:
    found = analyse([], DEFAULT_KEYWORDS, 200)
    assert (found.keywords, found.talk_ratio, found.digest) == ((), None, "")


@pytest.mark.spec("A5.1")
@given(utterances, st.randoms())
def test_the_order_in_which_utterances_arrive_changes_nothing(transcript: list[Utterance], chance: object) -> None:
    """Of different moments: what was said in one second keeps the order given."""
    one_a_second = list({each.offset_seconds: each for each in transcript}.values())
    mixed = one_a_second.copy()
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert analyse(mixed, DEFAULT_KEYWORDS, 60) == analyse(one_a_second, DEFAULT_KEYWORDS, 60)


@pytest.mark.spec("A5.1")
@given(utterances)
def test_a_keyword_was_said_when_and_by_whom_it_says(transcript: list[Utterance]) -> None:
    found = analyse(transcript, DEFAULT_KEYWORDS, 200)
    said = {(each.offset_seconds, each.speaker) for each in transcript}
    assert all((each.offset_seconds, each.speaker) in said for each in found.keywords)
    assert list(found.keywords) == sorted(found.keywords, key=lambda each: each.offset_seconds)
    assert found.talk_ratio is None or 0 <= found.talk_ratio <= 1


@pytest.mark.spec("A5.1")
def test_an_empty_word_would_be_found_everywhere_and_is_refused() -> None:
    with pytest.raises(ValidationError):
        CallPolicy(keywords={"budget": ("预算", " ")})


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("138 0000 0001", "+8613800000001"),
        ("+86-138-0000-0001", "+8613800000001"),
        ("0571-88880000", "+8657188880000"),
        ("+1 650 253 0000", "+16502530000"),
        ("  ", ""),
        ("12345", None),
        ("customer", None),
    ],
)
@pytest.mark.spec("A5.1")
def test_a_number_has_one_notation(written: str, number: str | None) -> None:
    assert to_e164(written) == number
