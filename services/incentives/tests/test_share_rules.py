"""Groups, caps per order and splits on one order (I2.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.ledger.share_rules import Outcome, Part, People, Result, outcomes, shared
from incentives.rule_library.terms_rules import Caps, Combine, Group, RoleShare, ShareRole, Terms, read_terms, stored

TEAM = People("E1", "E100", "E900", {"E1": 6_000, "E3": 3_000, "E2": 1_000})


def split(**points: int) -> Terms:
    return Terms(tuple(RoleShare(role, each) for role, each in points.items()))


def parts(fen: int, terms: Terms, people: People = TEAM) -> dict[str, int]:
    return {each.employee_id: each.fen for each in shared(fen, terms, people)}


def said(found: list[Part], who: str) -> list[str]:
    return [line.text for part in found if part.employee_id == who for line in part.lines]


@pytest.mark.spec("I2.2")
def test_without_a_split_all_is_the_owners_and_nothing_needs_saying() -> None:
    assert shared(500_00, Terms(), TEAM) == [Part("E1", 500_00, ())]


@pytest.mark.spec("I2.2")
def test_roles_share_and_each_line_opens_its_figures() -> None:
    found = shared(500_01, split(owner=7_000, manager=2_000, director=1_000), TEAM)
    assert {each.employee_id: each.fen for each in found} == {"E1": 350_01, "E100": 100_00, "E900": 50_00}
    assert said(found, "E100") == ["split: manager 20 % of 500.01 = 100.00"]
    assert found[0].lines[0].text_zh == "分成：销售本人 70%，500.01 元中计 350.01 元"


@pytest.mark.spec("I2.2")
def test_co_sellers_share_their_role_as_recorded() -> None:
    assert parts(400_00, split(owner=5_000, co_seller=5_000)) == {"E1": 200_00, "E3": 150_00, "E2": 50_00}


@pytest.mark.spec("I2.2")
def test_a_recorded_split_goes_before_the_roles_where_the_rule_says_so() -> None:
    by_deal = replace(split(owner=9_000, manager=1_000), split_by_deal=True)
    assert parts(100_00, by_deal) == {"E1": 60_00, "E3": 30_00, "E2": 10_00}
    assert parts(100_00, by_deal, People("E1", "E100")) == {"E1": 90_00, "E100": 10_00}


@pytest.mark.spec("I2.2")
def test_a_role_that_nobody_has_falls_to_the_owner() -> None:
    alone = People("E1")
    assert parts(100_00, split(owner=4_000, co_seller=3_000, manager=2_000, director=1_000), alone) == {"E1": 100_00}


@pytest.mark.spec("I2.2")
def test_somebody_in_two_roles_gets_one_part() -> None:
    found = shared(100_00, split(owner=5_000, manager=3_000, director=2_000), People("E1", "E100", "E100"))
    assert said(found, "E100") == ["split: manager + director 50 % of 100.00 = 50.00"]


@pytest.mark.spec("I2.2")
def test_the_fen_left_over_goes_to_the_largest_remainder_and_of_equals_to_the_first_role() -> None:
    thirds = split(manager=3_333, owner=3_333, director=3_334)
    assert parts(1, thirds) == {"E1": 0, "E100": 0, "E900": 1}
    halves = split(manager=5_000, owner=5_000)
    assert parts(1, halves) == {"E1": 1, "E100": 0}


POINTS = st.lists(st.integers(1, 3_000), min_size=4, max_size=4).map(lambda x: [10_000 - sum(x[1:]), *x[1:]])
ROLES = [role.value for role in ShareRole]


@pytest.mark.spec("I2.2")
@given(st.integers(-(10**12), 10**12), POINTS, st.booleans())
def test_parts_sum_to_the_whole_and_a_claw_back_mirrors_what_was_given(
    fen: int, points: list[int], by_deal: bool
) -> None:
    terms = replace(split(**dict(zip(ROLES, points, strict=True))), split_by_deal=by_deal)
    found = parts(fen, terms)
    assert sum(found.values()) == fen
    assert parts(-fen, terms) == {who: -part for who, part in found.items()}
    assert all(min(0, fen) <= part <= max(0, fen) for part in found.values())


@pytest.mark.spec("I2.2")
@given(st.integers(0, 10**9), POINTS)
def test_nobody_is_more_than_a_fen_away_from_the_exact_part(fen: int, points: list[int]) -> None:
    exact = dict(zip(("E1", "E100", "E900"), (points[0], points[2], points[3]), strict=True))
    found = parts(fen, split(**dict(zip(ROLES, points, strict=True))))
    for who, share in exact.items():
        assert abs(found.get(who, 0) * 10_000 - fen * share) < 10_000


def result(
    rule_id: str, fen: int | None, policy: Combine = Combine.HIGHEST, priority: int = 0, cap: int | None = None
) -> Result:
    return Result(rule_id, Terms(caps=Caps(per_order=cap), group=Group("g", policy.value, priority)), fen)


def left(*results: Result) -> dict[str, int | None]:
    return {rule_id: outcome.fen for rule_id, outcome in outcomes(results).items()}


@pytest.mark.spec("I2.2")
def test_a_cap_per_order_says_what_it_cuts() -> None:
    found = outcomes([Result("big", Terms(caps=Caps(per_order=5_000_00)), 6_200_00)])["big"]
    assert (found.fen, [line.text for line in found.lines]) == (
        5_000_00,
        ["capped: 5,000.00 of 6,200.00, cap of rule big per order"],
    )
    assert found.lines[0].text_zh == "封顶：6,200.00 元中计 5,000.00 元，规则 big 的单笔订单上限"


@pytest.mark.spec("I2.2")
def test_rules_of_a_group_that_stack_all_give() -> None:
    assert left(result("a", 1, Combine.STACK), result("b", 2, Combine.STACK)) == {"a": 1, "b": 2}


@pytest.mark.spec("I2.2")
def test_the_highest_wins_after_caps_per_order_and_the_others_name_it() -> None:
    found = outcomes([result("a", 900_00, cap=200_00), result("b", 300_00), result("c", 0)])
    assert {rule_id: each.fen for rule_id, each in found.items()} == {"a": 0, "b": 300_00, "c": 0}
    assert found["a"].lines[-1].text == ("group g, the highest wins: b gives 300.00; 200.00 of this rule do not count")
    assert found["b"].lines[-1].text_zh == "分组 g，取最高者：优先于 a（200.00 元）"
    assert found["c"] == Outcome(0)


@pytest.mark.spec("I2.2")
def test_of_equal_amounts_the_lower_priority_number_wins_then_the_id() -> None:
    assert left(result("a", 5, priority=2), result("b", 5, priority=1)) == {"a": 0, "b": 5}
    assert left(result("b", 5), result("a", 5)) == {"a": 5, "b": 0}


@pytest.mark.spec("I2.2")
def test_the_first_that_gives_anything_wins_by_priority() -> None:
    first = Combine.FIRST
    assert left(result("a", 900, first, 3), result("b", 0, first, 1), result("c", 7, first, 2)) == {
        "a": 0,
        "b": 0,
        "c": 7,
    }


@pytest.mark.spec("I1.3", "I2.2")
def test_a_group_with_a_rule_that_could_not_be_run_is_decided_when_it_can() -> None:
    assert left(result("a", None), result("b", 7), result("c", 0)) == {"a": None, "b": None, "c": 0}
    first = Combine.FIRST
    assert left(result("a", 9, first, 1), result("b", None, first, 2)) == {"a": 9, "b": 0}
    assert left(result("a", None, first, 1), result("b", 9, first, 2)) == {"a": None, "b": None}


@pytest.mark.spec("I2.2")
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=6), st.sampled_from(Combine))
def test_one_rule_of_an_exclusion_group_gives_and_the_listing_decides_nothing(
    amounts: list[tuple[int, int]], policy: Combine
) -> None:
    results = [result(f"r{at}", fen, policy, priority) for at, (fen, priority) in enumerate(amounts)]
    found = left(*results)
    assert found == left(*reversed(results))
    given_ = [fen for fen in found.values() if fen]
    whole = [fen for fen, _ in amounts if fen]
    if policy is Combine.STACK:
        assert sorted(given_) == sorted(whole)
        return
    assert len(given_) == min(1, len(whole))
    if policy is Combine.HIGHEST and whole:
        assert given_ == [max(whole)]


@pytest.mark.spec("I2.2")
def test_terms_are_kept_as_they_are() -> None:
    terms = replace(split(owner=9_000, manager=1_000), caps=Caps(1, None, 3), group=Group("g", "first", 4))
    assert read_terms(stored(terms)) == terms
    assert read_terms({}) == Terms()
