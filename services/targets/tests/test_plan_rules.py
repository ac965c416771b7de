from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.money import Money
from targets.plans.rules import (
    Level,
    NodeRow,
    PlanNode,
    Roster,
    UnknownReason,
    check_reason,
    check_rows,
    gap_summary,
    months_between,
    months_of,
    tree,
)

MONTH = "2026-03"
ROSTER = Roster({"/HQ/EAST/HZ1/"}, {"E1": "/HQ/EAST/HZ1/"})


def node(level: Level, subject: str, yuan: str, unit: str = "") -> PlanNode:
    return PlanNode(f"id:{subject}", level, subject, subject, unit or subject, MONTH, Money.of(yuan))


@pytest.mark.spec("T2.1")
def test_children_add_up_or_the_gap_is_shown() -> None:
    nodes = [
        node(Level.REP, "E1", "400000", "/HQ/EAST/HZ1/"),
        node(Level.TEAM, "/HQ/EAST/HZ1/", "3600000"),
        node(Level.REGION, "/HQ/EAST/", "4200000"),
        node(Level.COMPANY, "/HQ/", "5000000"),
    ]
    shown = {each.node.subject: each for each in tree(nodes)}

    assert [each.node.level for each in tree(nodes)] == list(Level)
    assert shown["/HQ/"].gap == Money.of("800000")
    assert shown["/HQ/EAST/"].children == Money.of("3600000")
    assert shown["/HQ/EAST/HZ1/"].gap == Money.of("3200000")
    assert shown["E1"].gap is None
    assert shown["E1"].parent_id == "id:/HQ/EAST/HZ1/"


@pytest.mark.spec("T2.1")
def test_the_gap_is_told_in_words() -> None:
    nodes = [
        node(Level.COMPANY, "/HQ/", "5000000"),
        node(Level.REGION, "/HQ/EAST/", "4200000"),
        node(Level.TEAM, "/HQ/EAST/HZ1/", "3600000"),
    ]
    en, zh = gap_summary(nodes)
    assert en == "HQ 5.00 m, regions 4.20 m, teams 3.60 m"
    assert zh == "总部 500.00 万元，大区 420.00 万元，团队 360.00 万元"


@pytest.mark.spec("T2.1")
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.sampled_from("12345"), st.integers(0, 10**12)), unique_by=lambda x: x[:2]
    )
)
def test_every_target_counts_for_exactly_one_parent(teams: list[tuple[str, str, int]]) -> None:
    regions = [node(Level.REGION, f"/HQ/{name}/", "0") for name in "ABC"]
    leaves = [
        PlanNode(f"{region}{team}", Level.TEAM, f"/HQ/{region}/{team}/", "", f"/HQ/{region}/{team}/", MONTH, Money(fen))
        for region, team, fen in teams
    ]
    shown = tree([*leaves, *regions, node(Level.COMPANY, "/HQ/", "0")])
    below = [each.children for each in shown if each.node.level is Level.REGION and each.children is not None]
    assert Money.total(below) == Money.total(leaf.target for leaf in leaves)
    for each in shown:
        if each.children is not None:
            assert each.gap is not None
            assert each.children + each.gap == each.node.target


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (NodeRow(Level.TEAM, "/HQ/WEST/XX/", MONTH, Money(1)), "subject"),
        (NodeRow(Level.REP, "E9", MONTH, Money(1)), "subject"),
        (NodeRow(Level.REGION, "/HQ/EAST/HZ1/", MONTH, Money(1)), "level"),
        (NodeRow(Level.REP, "E1", "2027-01", Money(1)), "month"),
        (NodeRow(Level.REP, "E1", MONTH, Money(1, "USD")), "target"),
    ],
)
@pytest.mark.spec("T2.1")
def test_a_wrong_row_is_named_with_its_field_and_the_others_go_in(row: NodeRow, field: str) -> None:
    good = NodeRow(Level.REP, "E1", MONTH, Money(5))
    checked = check_rows([row, good], [MONTH], ROSTER)
    assert [(error.row, error.field) for error in checked.errors] == [(1, field)]
    assert checked.errors[0].zh
    assert checked.rows == [(good, "/HQ/EAST/HZ1/")]


def test_the_same_target_twice_in_one_file_is_refused_the_second_time() -> None:
    row = NodeRow(Level.REP, "E1", MONTH, Money(5))
    checked = check_rows([row, row], [MONTH], ROSTER)
    assert len(checked.rows) == 1
    assert [error.row for error in checked.errors] == [2]


@pytest.mark.spec("T2.3")
def test_a_reason_is_one_of_the_list() -> None:
    check_reason("market_change")
    with pytest.raises(UnknownReason) as refused:
        check_reason("because")
    assert refused.value.violations[0].field == "reason_code"


@given(st.integers(2000, 2090), st.integers(1, 12), st.integers(1, 60))
def test_months_run_through_the_turn_of_the_year(year: int, month: int, count: int) -> None:
    months = months_of(f"{year}-{month:02d}", count)
    assert months == sorted(set(months))
    assert len(months) == count
    assert months_between(months[0], months[-1]) == months


def test_months_of_a_year_that_turns() -> None:
    assert months_of("2025-11", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
