"""What is wrong with the terms of a rule is told by field (I2.2, I8.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.budgets.rules import (
    BEGINNING,
    Change,
    Period,
    WrongBudget,
    amounts,
    budget_of,
    check_proposal,
    own_times,
    span_of,
)
from incentives.deals.split_rules import check_shares
from incentives.rule_library.terms_check_rules import check_neighbours, check_terms
from incentives.rule_library.terms_rules import Caps, Group, RoleShare, Terms

START = datetime(2026, 3, 1, tzinfo=UTC)


def placed(terms: Terms) -> set[tuple[str, str]]:
    return {(each.place, each.code) for each in check_terms(terms)}


def shares(*pairs: tuple[str, int]) -> Terms:
    return Terms(tuple(RoleShare(role, points) for role, points in pairs))


@pytest.mark.spec("I2.2", "I8.1")
@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (Terms(), set()),
        (shares(("owner", 7_000), ("manager", 3_000)), set()),
        (shares(("owner", 7_000), ("manager", 2_999)), {("terms.split", "split_not_whole")}),
        (shares(("owner", 9_000), ("boss", 1_000)), {("terms.split[1].role", "unknown_role")}),
        (shares(("owner", 5_000), ("owner", 5_000)), {
            ("terms.split[0].role", "terms_invalid"), ("terms.split[1].role", "terms_invalid"),
        }),
        (shares(("owner", 11_000), ("manager", -1_000)), {
            ("terms.split[0].basis_points", "terms_invalid"), ("terms.split[1].basis_points", "terms_invalid"),
        }),
        (Terms(caps=Caps(-1, 0, 5)), {
            ("terms.caps.per_order", "terms_invalid"), ("terms.caps.per_person_month", "terms_invalid"),
        }),
        (Terms(group=Group("", "", -1)), {
            ("terms.group.name", "terms_invalid"), ("terms.group.policy", "terms_invalid"),
            ("terms.group.priority", "terms_invalid"),
        }),
    ],
)  # fmt: skip
def test_each_field_that_is_wrong_is_named(terms: Terms, found: set[tuple[str, str]]) -> None:
    assert placed(terms) == found


@pytest.mark.spec("I2.2")
def test_shares_that_miss_the_whole_are_told_in_percent_and_both_languages() -> None:
    (found,) = check_terms(shares(("owner", 7_000), ("manager", 2_550)))
    assert (found.message, found.message_zh) == (
        "The shares come to 95.5 %, not 100 %.",
        "比例合计 95.5 %，应为 100%。",
    )


@dataclass(frozen=True)
class Version:
    rule_id: str
    version: int
    effective_from: datetime
    effective_to: datetime | None
    terms: Terms


def version(
    rule_id: str, policy: str, *, number: int = 1, days: int = 0, until: int | None = None, priority: int = 0
) -> Version:
    ends = None if until is None else START + timedelta(days=until)
    return Version(rule_id, number, START + timedelta(days=days), ends, Terms(group=Group("g", policy, priority)))


def neighbours(policy: str, *others: Version, days: int = 5, until: int | None = None) -> list[tuple[str, str]]:
    starts, ends = START + timedelta(days=days), None if until is None else START + timedelta(days=until)
    mine = Terms(group=Group("g", policy))
    return [(each.severity, each.code) for each in check_neighbours("mine", mine, starts, ends, others)]


@pytest.mark.spec("I2.2", "I8.1")
def test_rules_of_a_group_say_the_same_while_they_hold() -> None:
    contradiction = [("error", "group_contradiction")]
    assert neighbours("stack", version("other", "highest")) == contradiction
    assert neighbours("highest", version("other", "highest")) == []
    assert neighbours("stack", version("mine", "highest")) == [], "its own older version"
    assert neighbours("stack", version("other", "highest", until=5)) == [], "over before"
    assert neighbours("stack", version("other", "highest", days=9), until=9) == [], "begins after"
    assert neighbours("stack", version("other", "highest", days=8), until=9) == contradiction
    newer = version("other", "stack", number=2, days=4)
    assert neighbours("stack", version("other", "highest"), newer) == [], "its newer version says the same"


@pytest.mark.spec("I2.2")
def test_a_shared_priority_is_a_warning() -> None:
    assert neighbours("first", version("other", "first")) == [("warning", "group_priority_shared")]
    assert neighbours("first", version("other", "first", priority=1)) == []


@pytest.mark.spec("I2.2", "I8.1")
def test_a_recorded_split_is_whole_and_names_everybody_once() -> None:
    assert check_shares({"E1": 6_000, "E2": 4_000}, 2) == []
    assert [each.en for each in check_shares({"E1": 6_000, "E2": 3_000}, 3)] == [
        "names somebody twice",
        "come to 90 %, not 100 %",
    ]
    assert len(check_shares({"E1": -1, "E2": 10_001}, 2)) == 1


def change(
    budget: str = "rule:r", *, on: date = date(2026, 3, 1), onward: bool = True, fen: int = 100, at: int = 0
) -> Change:
    return Change(budget, Period.MONTH, on, onward, fen, START + timedelta(days=at))


@pytest.mark.spec("I2.2")
def test_a_period_is_a_month_a_quarter_or_a_year() -> None:
    for period, first, last, name in (
        (Period.MONTH, date(2026, 12, 1), date(2026, 12, 31), "2026-12"),
        (Period.QUARTER, date(2026, 10, 1), date(2026, 12, 31), "2026 Q4"),
        (Period.YEAR, date(2026, 1, 1), date(2026, 12, 31), "2026"),
    ):
        span = span_of("rule:r", period, date(2026, 12, 9))
        assert (span.starts_on, span.last_day, span.name) == (first, last, name)


@pytest.mark.spec("I2.2")
def test_the_first_amount_of_a_period_holds_from_its_beginning_and_a_raise_from_its_approval() -> None:
    march, april = (span_of("rule:r", Period.MONTH, date(2026, month, 9)) for month in (3, 4))
    once = change(onward=False, fen=150, at=9)
    assert amounts([change(at=5), once], march) == [(BEGINNING, 100), (START + timedelta(days=9), 150)]
    assert amounts([change(at=5), once], april) == [(BEGINNING, 100)]
    assert amounts([once], april) == []
    assert amounts([change(fen=1, at=-9), change(fen=2, at=-5)], march) == [(BEGINNING, 2)]


@pytest.mark.spec("I2.2")
def test_an_award_counts_against_its_rules_budget_else_its_groups() -> None:
    group, own = change("group:g"), change()
    assert budget_of([group], "r", "g", START) == span_of("group:g", Period.MONTH, date(2026, 3, 1))
    assert budget_of([group, own], "r", "g", START) == span_of("rule:r", Period.MONTH, date(2026, 3, 1))
    assert budget_of([group, own], "r", "", START - timedelta(days=2)) is None
    assert budget_of([], "r", "g", START) is None


CHANGES = st.lists(
    st.builds(
        lambda budget, month, onward: change(budget, on=date(2026, month, 1), onward=onward),
        st.sampled_from(["rule:r", "rule:other"]), st.integers(1, 6), st.booleans(),
    ),
    max_size=4,
)  # fmt: skip


@pytest.mark.spec("I2.2")
@given(CHANGES, st.sampled_from(Period), st.integers(0, 200), st.sampled_from(Period))
def test_an_award_is_in_its_groups_budget_exactly_when_it_has_none_of_its_own(
    own: list[Change], period: Period, day: int, of_rule: Period
) -> None:
    signed = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    span = span_of("group:g", period, signed.date())
    whole = [Change("group:g", period, date(2026, 1, 1), True, 100, START)]
    own = [replace(each, period=of_rule, starts_on=span_of("", of_rule, each.starts_on).starts_on) for each in own]
    away = any(rule == "r" and since <= signed < until for rule, since, until in own_times([*whole, *own], span))
    assert (budget_of([*whole, *own], "r", "g", signed) == span) is not away


@pytest.mark.spec("I2.2", "I8.1")
def test_a_budget_that_can_t_be_is_refused_by_field() -> None:
    def wrong(**changes: object) -> list[str]:
        said: dict[str, object] = {
            "rule_id": "r", "group": "", "known": True, "period": Period.MONTH, "fixed": None, "amount_fen": 1,
            "currency": "CNY", "day": date(2026, 3, 9), "today": date(2026, 3, 31),
        }  # fmt: skip
        try:
            check_proposal(**{**said, **changes})  # type: ignore[arg-type]
        except WrongBudget as refused:
            return [each.field for each in refused.violations]
        return []

    assert wrong() == []
    assert wrong(period=None) == ["period"]
    assert wrong(fixed=Period.YEAR) == ["period"]
    assert wrong(group="g") == ["rule_id"]
    assert wrong(known=False) == ["rule_id"]
    assert wrong(rule_id="", group="g", known=False) == ["group"]
    assert wrong(amount_fen=-1) == ["amount"]
    assert wrong(currency="USD") == ["amount"]
    assert wrong(today=date(2026, 4, 1)) == ["starts_on"]
