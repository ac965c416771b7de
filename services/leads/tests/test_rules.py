"""States, grades and clocks as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import IllegalCommand
from chassis.kernel.calendar import BusinessCalendar, instant
from chassis.kernel.money import Money
from leads.grading.policy import GradingPolicy
from leads.grading.rules import GradeCriteriaNotMet, grade_at_capture, require
from leads.lead.rules import OPEN, TRANSITIONS, Command, Grade, Qualification, State, after
from leads.recycle import rules as recycle
from leads.recycle.policy import RecyclePolicy, check_recycle
from leads.response_clock.policy import ResponsePolicy
from leads.response_clock.rules import (
    EFFECTS,
    Clock,
    Contact,
    contact_of_call,
    contact_of_follow_up,
    golden_due,
    yellow_due,
)

CALENDAR = BusinessCalendar()
FULL = Qualification(24, Money.of("500000"), True, ("总经理", "采购"))


@pytest.mark.spec("LD1.7")
@given(st.lists(st.sampled_from(list(Command)), max_size=30))
def test_a_lead_moves_only_along_the_table(commands: list[Command]) -> None:
    state = State.NEW
    for command in commands:
        if command in TRANSITIONS[state]:
            state = after(state, command)
        else:
            with pytest.raises(IllegalCommand) as refused:
                after(state, command)
            assert set(refused.value.allowed) == {each.value for each in TRANSITIONS[state]}
    assert state in State


@pytest.mark.spec("LD1.7")
def test_every_state_is_in_the_table_and_converted_is_the_end() -> None:
    assert set(TRANSITIONS) == set(State)
    assert TRANSITIONS[State.CONVERTED] == {}
    assert State.DISQUALIFIED not in OPEN
    assert after(State.RECYCLED, Command.ASSIGN) is State.ASSIGNED


@pytest.mark.spec("LD2.1")
def test_an_a_needs_a_touch_within_48_hours_a_confirmed_budget_and_a_clear_chain() -> None:
    require(Grade.A, FULL, GradingPolicy())
    with pytest.raises(GradeCriteriaNotMet) as refused:
        require(Grade.A, Qualification(49, None, False, ()), GradingPolicy())
    assert [each.name for each in refused.value.missing] == [
        "qualification.decision_chain",
        "qualification.first_touch_due_hours",
        "qualification.budget_confirmed",
    ]
    assert "决策链" in refused.value.text_zh


@pytest.mark.spec("LD2.1", "LD1.1")
def test_at_capture_a_lead_gets_the_best_grade_it_qualifies_for_and_is_never_refused() -> None:
    policy = GradingPolicy()
    assert grade_at_capture(None, FULL, policy) is Grade.A
    assert grade_at_capture(None, Qualification(100, Money.of("1")), policy) is Grade.B
    assert grade_at_capture(None, Qualification(), policy) is None
    assert grade_at_capture(Grade.A, Qualification(), policy) is None
    assert grade_at_capture(Grade.C, Qualification(), policy) is Grade.C


@pytest.mark.spec("LD5.1")
@pytest.mark.parametrize(
    ("channel", "direction", "outcome", "contact"),
    [
        ("call", "outbound", "connected", Contact.CALL),
        ("call", "outbound", "no_answer", Contact.CALL_ATTEMPT),
        ("wechat", "outbound", "delivered", Contact.MESSAGE),
        ("wechat", "inbound", "delivered", Contact.REPLY),
        ("email", "outbound", "delivered", Contact.MESSAGE),
        ("visit", "outbound", "connected", Contact.VISIT),
        ("meeting", "", "", Contact.VISIT),
        ("call", "inbound", "connected", Contact.CALL),
        ("form", "outbound", "connected", Contact.FORM),
        ("form", "", "", Contact.FORM),
    ],
)
def test_channel_direction_and_outcome_say_what_a_follow_up_proves(
    channel: str, direction: str, outcome: str, contact: Contact
) -> None:
    assert contact_of_follow_up(channel, direction, outcome) is contact


@pytest.mark.spec("LD5.1")
def test_which_contact_stops_which_clock() -> None:
    stopped = {contact: {clock.value.rpartition(".")[2] for clock in EFFECTS[contact].stops} for contact in Contact}
    assert stopped == {
        Contact.CALL_ATTEMPT: {"remind"},
        Contact.CALL: {"remind", "popup", "email", "yellow"},
        Contact.MESSAGE: {"remind", "popup", "email"},
        Contact.VISIT: {"remind", "popup", "email", "yellow"},
        Contact.REPLY: {"yellow"},
        Contact.FORM: set(),
    }
    assert not EFFECTS[Contact.FORM].effective
    assert contact_of_call("outbound", connected=False) is Contact.CALL_ATTEMPT


@pytest.mark.spec("LD5.1", "P11.1")
def test_the_golden_clock_counts_shift_hours_and_waits_outside() -> None:
    friday = instant(date(2026, 3, 13), time(18, 15))
    due = golden_due(Clock.REMIND, friday, ResponsePolicy(), CALENDAR)
    assert due == instant(date(2026, 3, 16), time(9, 15))
    always = golden_due(Clock.REMIND, friday, ResponsePolicy(counts="always_on"), CALENDAR)
    assert always == friday + timedelta(minutes=30)


@pytest.mark.spec("LD6.1", "LD5.2", "P11.1")
def test_recycling_and_yellow_count_wall_time_without_days_off() -> None:
    friday = datetime(2026, 3, 13, 2, tzinfo=UTC)
    due = recycle.due(friday, Grade.A, RecyclePolicy(), CALENDAR)
    assert due[recycle.RecycleClock.WARNING] == datetime(2026, 3, 15, 22, tzinfo=UTC)
    assert due[recycle.RecycleClock.RETURN] == datetime(2026, 3, 16, 2, tzinfo=UTC)
    assert yellow_due(friday, ResponsePolicy(), CALENDAR) == datetime(2026, 3, 16, 2, tzinfo=UTC)


@pytest.mark.spec("LD6.1")
def test_a_policy_may_lengthen_b_and_c_but_the_warning_comes_first() -> None:
    longer = RecyclePolicy(recycle_hours={Grade.A: 24, Grade.B: 48, Grade.C: 72})
    start = datetime(2026, 3, 10, 2, tzinfo=UTC)
    assert recycle.due(start, Grade.C, longer, CALENDAR)[recycle.RecycleClock.RETURN] == start + timedelta(hours=72)
    wrong = RecyclePolicy(warning_hours={Grade.A: 24, Grade.B: 20, Grade.C: 20})
    assert [each.field for each in check_recycle(wrong)] == ["body.warning_hours"]
    assert [each.field for each in check_recycle(RecyclePolicy(recycle_hours={}))] == ["body.recycle_hours"]


@pytest.mark.spec("LD6.1")
def test_a_yellow_mark_that_came_first_is_the_reason() -> None:
    assert recycle.reason(True, Grade.A, RecyclePolicy()) == recycle.YELLOW_REASON
    assert "24" in recycle.reason(False, Grade.A, RecyclePolicy())[1]
