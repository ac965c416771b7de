"""An error tells people what is wrong, in both languages, and never fails while doing so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chassis.errors import CloseloopError, FailedPrecondition, IllegalCommand, InvalidInput, Missing, Violation


class LeadAlreadyConverted(FailedPrecondition):
    en = "Lead {lead_id} was converted at {at}."
    zh = "线索 {lead_id} 已于 {at} 转化。"


@pytest.mark.spec("P1.5")
def test_a_condition_is_told_in_both_languages_with_its_facts() -> None:
    error = LeadAlreadyConverted(lead_id="L1", at=datetime(2026, 3, 10, 2, 0, tzinfo=UTC))

    assert error.text("en") == "Lead L1 was converted at 2026-03-10 10:00."
    assert error.text("zh") == "线索 L1 已于 2026-03-10 10:00 转化。"
    assert error.reason == "LEAD_ALREADY_CONVERTED"
    assert error.metadata == {"lead_id": "L1", "at": "2026-03-10 10:00"}


@pytest.mark.spec("P1.5")
def test_all_violations_of_an_input_are_told_at_once() -> None:
    error = InvalidInput.of(Violation("phone", "is too short", "太短"), Violation("name", "is missing", "不能为空"))

    assert error.text("zh") == "phone：太短 name：不能为空"
    assert [each.field for each in error.violations] == ["phone", "name"]


@pytest.mark.spec("P1.5")
def test_an_illegal_command_says_what_would_be_possible() -> None:
    error = IllegalCommand(command="accept", state="recycled", allowed=["assign", "merge"])

    assert error.text("zh") == "状态“recycled”下不能执行“accept”，可执行：assign、merge。"
    assert error.allowed == ("assign", "merge")


def test_a_missing_item_has_a_name_and_words() -> None:
    error = FailedPrecondition(missing=["seal", Missing("letter", "signed letter", "签字的信函")])

    assert [each.name for each in error.missing] == ["seal", "letter"]


def test_a_text_with_an_unknown_fact_is_still_told() -> None:
    class Forgetful(CloseloopError):
        en = "Lead {lead_id}."

    assert Forgetful().text("en") == "Lead –."
