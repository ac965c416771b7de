from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.money import Money
from targets.attainment.rules import ClaimSum, Scope, UnreadableDay, attainment, lines, read_day, scope_of
from targets.plans.rules import Level, PlanNode

MONTH = "2026-03"


def node(level: Level, subject: str, fen: int = 100_00) -> PlanNode:
    return PlanNode(subject, level, subject, subject, subject, MONTH, Money(fen))


@pytest.mark.spec("T2.1")
def test_attainment_is_collected_over_target() -> None:
    assert attainment(Money.of("3962400"), Money.of("5080000")) == Decimal("0.7800")
    assert attainment(Money.of("1"), Money(0)) is None


@pytest.mark.spec("T2.1")
def test_a_claim_counts_for_its_rep_and_every_unit_above() -> None:
    sums = [
        ClaimSum("E1", "/HQ/EAST/HZ1/", Money(10), 1),
        ClaimSum("E2", "/HQ/EAST/HZ2/", Money(20), 2),
        ClaimSum("E3", "/HQ/NORTH/BJ1/", Money(40), 1),
        ClaimSum("E9", None, Money(80), 1),
    ]
    nodes = [
        node(Level.COMPANY, "/HQ/"),
        node(Level.REGION, "/HQ/EAST/"),
        node(Level.TEAM, "/HQ/EAST/HZ2/"),
        node(Level.REP, "E1"),
    ]
    assert [line.collected.fen for line in lines(nodes, sums)] == [150, 30, 20, 10]
    assert [line.claims for line in lines(nodes, sums)] == [5, 3, 2, 1]


@pytest.mark.spec("T2.1")
@given(st.lists(st.tuples(st.sampled_from(["/HQ/A/1/", "/HQ/A/10/", "/HQ/B/1/"]), st.integers(-(10**9), 10**9))))
def test_the_regions_together_are_the_company(claims: list[tuple[str, int]]) -> None:
    sums = [ClaimSum(f"E{n}", unit, Money(fen), 1) for n, (unit, fen) in enumerate(claims)]
    company, *regions = lines(
        [node(Level.COMPANY, "/HQ/"), node(Level.REGION, "/HQ/A/"), node(Level.REGION, "/HQ/B/")], sums
    )
    assert Money.total(line.collected for line in regions) == company.collected
    one = lines([node(Level.TEAM, "/HQ/A/1/")], sums)[0].collected
    assert one == Money.total(each.amount for each in sums if each.unit == "/HQ/A/1/"), "team 1 has nothing of team 10"


UNITS = ["/HQ/A/", "/HQ/A/1/", "/HQ/A/10/", "/HQ/B/1/"]


def within(each: ClaimSum, scope: Scope) -> bool:
    """What the store asks for."""
    return each.salesperson_id in scope.reps or any((each.unit or "").startswith(unit) for unit in scope.units)


@pytest.mark.spec("T2.1")
@given(
    st.sets(st.sampled_from(["E1", "E2", *UNITS])),
    st.lists(st.tuples(st.sampled_from(["E1", "E2", "E3"]), st.sampled_from([*UNITS, None]), st.integers(0, 10**9))),
)
def test_lines_need_only_the_claims_of_their_scope(shown: set[str], claims: list[tuple[str, str | None, int]]) -> None:
    nodes = [node(Level.TEAM if each.startswith("/") else Level.REP, each) for each in sorted(shown)]
    sums = [ClaimSum(rep, unit, Money(fen), 1) for rep, unit, fen in claims]
    scope = scope_of(nodes)
    assert scope is not None
    assert lines(nodes, [each for each in sums if within(each, scope)]) == lines(nodes, sums)
    assert scope_of([*nodes, node(Level.COMPANY, "/HQ/")]) is None


def test_a_scope_names_the_highest_units_alone() -> None:
    nodes = [node(Level.TEAM, "/HQ/A/1/"), node(Level.REGION, "/HQ/A/"), node(Level.TEAM, "/HQ/B/1/")]
    assert scope_of(nodes) == Scope(frozenset(), frozenset({"/HQ/A/", "/HQ/B/1/"}))


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(UnreadableDay):
        read_day("2026-02-30")
