"""Grades of customers from their facts: what each factor is worth, and what is said when little is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.customer_grades.policy import FACTORS, CustomerGradePolicy, check_customer_grades
from leads.customer_grades.rules import (
    Facts,
    Kind,
    Part,
    Verdict,
    judge,
    payment,
    potential,
    relationship,
    revenue,
)
from leads.customer_grades.standing_rules import Override, Standing, judged, moved, seen, words
from leads.lead.rules import Grade

TODAY = date(2026, 3, 10)
POLICY = CustomerGradePolicy()
FULL = Facts(
    revenue_fen=100_000_000, open_fen=50_000_000, open_count=1, due_fen=100, paid_fen=100, last_contact=TODAY,
    contacts=6, deciders=3,
)  # fmt: skip

facts = st.builds(
    Facts,
    revenue_fen=st.none() | st.integers(0, 300_000_000),
    open_fen=st.integers(0, 90_000_000),
    open_count=st.integers(0, 5),
    unpriced=st.integers(0, 5),
    due_fen=st.none() | st.integers(0, 1000),
    paid_fen=st.integers(0, 1000),
    last_contact=st.none() | st.dates(date(2024, 1, 1), date(2026, 3, 12)),
    contacts=st.integers(0, 12),
    deciders=st.integers(0, 6),
)
weights = st.lists(st.integers(0, 10), min_size=4, max_size=4).filter(any)


def of_weights(given: list[int]) -> CustomerGradePolicy:
    return CustomerGradePolicy(weights={name: each / sum(given) for name, each in zip(FACTORS, given, strict=True)})


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize(
    ("known", "value"),
    [
        (Facts(), None),
        (Facts(revenue_fen=0), 0),
        (Facts(revenue_fen=25_000_000), 0.25),
        (Facts(revenue_fen=500_000_000), 1),
        (Facts(revenue_fen=-100), 0),
    ],
)
def test_revenue_is_a_share_of_the_sum_at_which_nothing_is_missing(known: Facts, value: float | None) -> None:
    assert revenue(known, POLICY)[0] == value


@pytest.mark.spec("LD2.2")
def test_what_is_not_in_yuan_is_named_and_not_counted() -> None:
    assert "USD 订单未计入" in revenue(Facts(revenue_fen=100, foreign=("USD",)), POLICY)[1][1]


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize(
    ("known", "value"),
    [
        (Facts(), 0),
        (Facts(open_fen=12_500_000, open_count=3, unpriced=1), 0.25),
        (Facts(open_count=2, unpriced=2), None),
    ],
)
def test_potential_is_what_is_open(known: Facts, value: float | None) -> None:
    assert potential(known, POLICY)[0] == value


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize(
    ("due", "paid", "value"), [(None, 0, None), (0, 50, None), (200, 50, 0.25), (200, 0, 0), (200, 300, 1)]
)
def test_payment_is_the_share_of_what_is_due_that_was_paid(due: int | None, paid: int, value: float | None) -> None:
    assert payment(Facts(due_fen=due, paid_fen=paid), POLICY)[0] == value


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize(
    ("days", "contacts", "deciders", "value"),
    [(None, 0, 0, None), (0, 6, 3, 1.0), (30, 0, 0, 0.5), (105, 0, 0, 0.25), (180, 0, 0, 0), (900, 3, 0, 0.15),
     (None, 0, 3, 0.2), (-1, 0, 0, 0.5)],
)  # fmt: skip
def test_a_relationship_fades(days: int | None, contacts: int, deciders: int, value: float | None) -> None:
    last = None if days is None else TODAY - timedelta(days=days)
    found = relationship(Facts(last_contact=last, contacts=contacts, deciders=deciders), TODAY, POLICY)[0]
    assert found == (None if value is None else pytest.approx(value))


@pytest.mark.spec("LD2.2")
def test_a_customer_with_everything_is_an_a_and_one_without_anything_a_c() -> None:
    assert (judge(FULL, TODAY, POLICY).grade, judge(FULL, TODAY, POLICY).score) == (Grade.A, 1.0)
    none = replace(FULL, revenue_fen=0, open_fen=0, open_count=0, paid_fen=0, last_contact=date(2024, 1, 1),
                   contacts=0, deciders=0)  # fmt: skip
    assert (judge(none, TODAY, POLICY).grade, judge(none, TODAY, POLICY).score) == (Grade.C, 0.0)
    half = replace(FULL, open_fen=0, open_count=0, paid_fen=0)
    assert (judge(half, TODAY, POLICY).grade, judge(half, TODAY, POLICY).score) == (Grade.B, 0.6)


@pytest.mark.spec("LD2.2")
def test_the_limit_itself_is_inside() -> None:
    exactly = replace(FULL, revenue_fen=25_000_000)
    assert (judge(exactly, TODAY, POLICY).score, judge(exactly, TODAY, POLICY).grade) == (0.7, Grade.A)
    below = replace(FULL, revenue_fen=24_980_000)
    assert (judge(below, TODAY, POLICY).score, judge(below, TODAY, POLICY).grade) == (0.6999, Grade.B)


@pytest.mark.spec("LD2.2")
def test_what_is_not_known_is_left_out_and_not_counted_as_nothing() -> None:
    without = replace(FULL, due_fen=None, last_contact=None, contacts=0, deciders=0)
    verdict = judge(without, TODAY, POLICY)
    assert (verdict.score, verdict.known, verdict.grade) == (1.0, 0.6, Grade.A)
    assert {each.name: each.value for each in verdict.parts} == {
        "revenue": 1.0, "potential": 1.0, "payment": None, "relationship": None,
    }  # fmt: skip
    little = judge(Facts(), TODAY, POLICY)
    assert (little.grade, little.score, little.known) == (None, None, 0.2)
    nothing = judge(Facts(open_count=1, unpriced=1), TODAY, POLICY.model_copy(update={"least_known": 0.0}))
    assert (nothing.grade, nothing.score) == (None, None)


@pytest.mark.spec("LD2.2")
@given(facts, weights)
def test_the_parts_make_the_score(known: Facts, given: list[int]) -> None:
    policy = of_weights(given)
    verdict = judge(known, TODAY, policy)
    counted = [each for each in verdict.parts if each.value is not None]
    assert {each.name for each in verdict.parts} == set(FACTORS)
    assert all(0 <= each.value <= 1 for each in counted if each.value is not None)
    assert all(each.weight == 0 for each in verdict.parts if each.value is None)
    if verdict.score is None:
        assert verdict.known < policy.least_known
        return
    assert sum(each.weight for each in counted) == pytest.approx(1)
    assert verdict.score == pytest.approx(sum((each.value or 0) * each.weight for each in counted), abs=1e-4)
    assert 0 <= verdict.score <= 1
    assert verdict.grade is (Grade.A if verdict.score >= 0.7 else Grade.B if verdict.score >= 0.4 else Grade.C)


@pytest.mark.spec("LD2.2")
@given(facts, weights, st.integers(1, 50_000_000))
def test_more_revenue_never_lowers_the_score(known: Facts, given: list[int], more: int) -> None:
    policy = of_weights(given)
    richer = replace(known, revenue_fen=(known.revenue_fen or 0) + more)
    before, after = (judge(each, TODAY, policy).score for each in (replace(richer, revenue_fen=0), richer))
    assert before is None or after is None or after >= before


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"weights": {"revenue": 1.0}}, "body.weights"),
        ({"weights": dict.fromkeys(FACTORS, 0.3)}, "body.weights"),
        ({"weights": dict(zip(FACTORS, (1.2, -0.2, 0, 0), strict=True))}, "body.weights"),
        ({"a_from": 0.4, "b_from": 0.4}, "body.b_from"),
        ({"recent_days": 180}, "body.forgotten_days"),
        ({"override_days": 400}, "body.override_days"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(body: dict[str, object], field: str) -> None:
    assert [each.field for each in check_customer_grades(CustomerGradePolicy.model_validate(body))] == [field]
    assert check_customer_grades(POLICY) == []


AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
OWN = Override(Grade.A, "重点培育", "M1", AT, AT + timedelta(days=90))


def verdict(grade: Grade | None, score: float | None, **values: float) -> Verdict:
    parts = tuple(Part(name, values.get(name), 0.25, "", "") for name in FACTORS)
    return Verdict(grade, score, 1.0, parts)


@pytest.mark.spec("LD2.2")
def test_a_persons_word_counts_before_the_computed_grade_and_that_before_the_declared_one() -> None:
    standing = Standing("c", declared=Grade.C)
    assert standing.grade is Grade.C
    computed = judged(standing, verdict(Grade.B, 0.5), 1, AT)
    assert computed.grade is Grade.B
    own = replace(computed, override=OWN)
    assert (own.grade, own.computed, own.declared) == (Grade.A, Grade.B, Grade.C)
    assert judged(own, verdict(None, None), 1, AT).grade is Grade.A
    assert judged(computed, verdict(None, None), 1, AT).grade is Grade.C


@pytest.mark.spec("LD2.2")
def test_a_grade_that_somebody_else_wrote_is_a_declared_one() -> None:
    computed = judged(Standing("c"), verdict(Grade.B, 0.5), 1, AT)
    assert seen(computed, "c", Grade.B) is computed
    assert seen(computed, "c", Grade.C).declared is Grade.C
    assert seen(None, "c", Grade.A) == Standing("c", declared=Grade.A)


@pytest.mark.spec("LD2.2")
def test_the_reason_names_what_moved_the_score_the_strongest_first() -> None:
    before, after = verdict(Grade.C, 0.2, revenue=0.4, payment=0.4), verdict(Grade.B, 0.45, revenue=1.0, payment=0.8)
    assert moved(before, after) == (
        "Score 0.20 → 0.45: revenue +0.15, payment +0.10.", "评分 0.20 → 0.45：成交额 +0.15，回款 +0.10。",
    )  # fmt: skip
    assert moved(None, after)[1] == "评分 0.45：首次计算。"
    assert moved(after, verdict(None, None))[1] == "已知信息不足。"
    assert "等级界限调整" in moved(after, after)[1]
    stood = Standing("c", override=OWN)
    assert words(Standing("c"), stood, Kind.OVERRIDDEN)[1] == "M1 人工定级 A，至 2026-06-08：重点培育"
    assert words(stood, Standing("c"), Kind.EXPIRED)[1] == "人工定级 A 已到期。"
    assert words(stood, Standing("c"), Kind.WITHDRAWN)[1] == "人工定级 A 已撤回。"
