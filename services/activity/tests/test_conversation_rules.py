from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activity.conversations.policy import ArchivePolicy
from activity.conversations.rules import (
    Message,
    Tags,
    context,
    direction_of,
    is_command,
    last_from_customer,
    outcome_of,
    read_tags,
    summarise,
    window_start,
)
from activity.follow_ups.rules import Direction, Outcome

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
POLICY = ArchivePolicy()
REP = Message("m1", "c1", "lina", "E1", False, "wm1", "#归档", NOW)
CUSTOMER = Message("m2", "c1", "wm1", "", True, "wm1", "预算30万。", NOW)


@pytest.mark.parametrize("text", ["#归档", " #归档 已报价", "#归档[已报价]", "＃归档"])
@pytest.mark.spec("A3.1")
def test_one_of_our_people_asks_for_an_archive(text: str) -> None:
    assert is_command(replace(REP, text=text), POLICY)


@pytest.mark.parametrize(
    "message",
    [
        replace(CUSTOMER, text="#归档"),
        replace(REP, employee_id="", text="#归档"),
        replace(REP, text="请#归档"),
        replace(REP, text="归档"),
    ],
)
@pytest.mark.spec("A3.1")
def test_a_customer_a_stranger_and_a_mere_mention_ask_for_none(message: Message) -> None:
    assert not is_command(message, POLICY)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#归档", Tags((), ())),
        ("#归档 已报价 待演示", Tags(("已报价", "待演示"), ())),
        ("#归档 [已报价，老客户]", Tags(("已报价",), ("老客户",))),
        ("＃归档 #已报价、#老客户 已报价", Tags(("已报价",), ("老客户",))),
        ("#归档已报价", Tags(("已报价",), ())),
    ],
)
@pytest.mark.spec("A3.1")
def test_tags_of_the_dictionary_are_told_apart_from_others(text: str, tags: Tags) -> None:
    assert read_tags(text, POLICY) == tags


@pytest.mark.spec("A3.1")
def test_a_context_is_the_last_twenty_messages_of_thirty_minutes_without_commands() -> None:
    said = [replace(CUSTOMER, message_id=f"m{n}") for n in range(25)]
    theirs = replace(CUSTOMER, message_id="theirs", text="#归档 是什么？")
    kept = context([*said, REP, theirs], POLICY)
    assert [each.message_id for each in kept] == [*(f"m{n}" for n in range(6, 25)), "theirs"]
    assert window_start(REP, POLICY) == NOW - timedelta(minutes=30)


@pytest.mark.spec("A3.1", "A3.2")
@given(st.lists(st.tuples(st.booleans(), st.text(max_size=300)), max_size=20))
def test_a_summary_has_at_most_200_characters(said: list[tuple[bool, str]]) -> None:
    messages = [replace(CUSTOMER if customer else REP, text=text) for customer, text in said]
    assert len(summarise(messages, Tags(("已报价",), ()), POLICY)) <= 200


@pytest.mark.spec("A3.1")
def test_who_wrote_decides_direction_and_outcome() -> None:
    ours = replace(REP, text="您好")
    assert (direction_of([CUSTOMER]), outcome_of([CUSTOMER])) == (Direction.INBOUND, Outcome.CONNECTED)
    assert (direction_of([ours]), outcome_of([ours])) == (Direction.OUTBOUND, Outcome.DELIVERED)
    assert (direction_of([ours, CUSTOMER]), outcome_of([ours, CUSTOMER])) == (Direction.OUTBOUND, Outcome.CONNECTED)
    later = replace(ours, sent_at=NOW + timedelta(minutes=1))
    assert last_from_customer([CUSTOMER, later]) == NOW
    assert last_from_customer([ours]) is None


@pytest.mark.parametrize(
    "wrong", [{"command": ""}, {"tags": ["两个 词"]}, {"words": [""]}, {"summary_characters": 500}]
)
@pytest.mark.spec("A3.1")
def test_settings_that_would_archive_or_tag_nonsense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ArchivePolicy(**wrong)  # type: ignore[arg-type]
