from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity.text_rules import BREAK, CUT, choose_sentences, is_question, sentences

WORDS = ("报价", "预算")
texts = st.text(alphabet="报价预算七八 9台。！？?；\nab", max_size=60)
parts = st.lists(st.tuples(st.booleans(), texts), max_size=30)


def test_a_text_falls_into_its_sentences() -> None:
    assert sentences("预算30万。什么时候能交货？\n尽快！") == ["预算30万。", "什么时候能交货？", "尽快！"]
    assert sentences("单价3.5万") == ["单价3.5万"], "a decimal point ends nothing"
    assert sentences("  \n。") == []


def test_a_question_ends_like_one() -> None:
    assert is_question("能便宜吗")
    assert is_question("能便宜吗。")
    assert is_question("How much?")
    assert not is_question("可以。")


@pytest.mark.spec("A3.1", "A3.2")
@given(parts, st.integers(20, 200))
def test_every_sentence_of_a_summary_was_said_and_it_keeps_its_length(said: list[tuple[bool, str]], limit: int) -> None:
    spoken = [sentence for _, text in said for sentence in sentences(text)]
    summary = choose_sentences(said, WORDS, limit)
    assert len(summary) <= limit
    if summary.endswith(CUT):
        assert any(sentence.startswith(summary.removesuffix(CUT)) for sentence in spoken)
        assert all(len(sentence) > limit for sentence in spoken)
        return
    rests = {summary}
    for sentence in spoken:
        rests |= {rest.removeprefix(sentence).removeprefix(BREAK) for rest in rests if rest.startswith(sentence)}
    assert "" in rests, "nothing but sentences of the conversation, in its order"
    assert bool(summary) == bool(spoken)


@pytest.mark.spec("A3.2")
def test_what_tells_most_is_chosen_and_told_in_its_order() -> None:
    said = [
        (False, "您好！"),
        (True, "预算大概30万。"),
        (False, "好的，稍等。"),
        (True, "报价什么时候给？"),
    ]
    assert choose_sentences(said, WORDS, 18) == "预算大概30万。 报价什么时候给？"


@pytest.mark.spec("A3.2")
def test_what_is_said_twice_stands_in_the_summary_once() -> None:
    assert choose_sentences([(True, "预算30万。"), (True, "预算30万。")], WORDS, 200) == "预算30万。"


@pytest.mark.spec("A3.2")
def test_a_single_sentence_that_is_too_long_is_cut_and_says_so() -> None:
    long = "预算" * 60
    assert choose_sentences([(True, long)], WORDS, 20) == long[:19] + CUT
