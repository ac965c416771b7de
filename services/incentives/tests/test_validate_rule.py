"""What is wrong with a rule is found when it is saved (I1.2, I1.3, I8.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.evaluation.evaluator import Evaluator
from incentives.rule_library.cell_rules import Cell, Region, region, row_covers
from incentives.rule_library.model_rules import check_content, check_structure
from incentives.rule_library.rules import GoldenExample, errors
from incentives.rule_library.validate_rule import validate_rule

from .models import ORDER, expression, graph, order, placed, table

AMOUNT, ROW = ["deal.amountFen"], "Bonus, row 1, column "
GOOD = table(["deal.amountFen"], [">= 100", '"5"'], ["", '"0"'])
HITS = [GoldenExample("big", order(deal_amountFen=100), 5), GoldenExample("small", order(deal_amountFen=99), 0)]


def content(model: dict[str, Any]) -> dict[str, str]:
    assert check_structure(model) == []
    return dict(placed(check_content(model)))


@pytest.mark.spec("I1.2")
def test_a_right_rule_has_no_findings(evaluator: Evaluator) -> None:
    assert validate_rule(evaluator, GOOD, HITS) == []


@pytest.mark.spec("I1.2")
def test_each_row_needs_an_example_that_hits_it_and_gives_what_it_says(evaluator: Evaluator) -> None:
    wrong = [GoldenExample("big", order(deal_amountFen=100), 6)]
    assert placed(validate_rule(evaluator, GOOD, wrong)) == {"big": "example_failed", "Bonus, row 2": "example_missing"}


@pytest.mark.spec("I1.2", "I1.1")
def test_an_example_is_a_whole_order_and_nothing_else(evaluator: Evaluator) -> None:
    context = order(deal_amountFen="100", deal_weather="sunny")
    del context["rep"]["tenureDays"]
    found = [each for each in validate_rule(evaluator, GOOD, [GoldenExample("odd", context, 5)]) if each.place == "odd"]
    assert [each.message for each in found] == [
        "rep.tenureDays is missing.",
        "deal.amountFen must be a number.",
        "deal.weather is no field of the order context.",
    ]


@pytest.mark.spec("I1.2", "I8.1")
@pytest.mark.parametrize(
    ("model", "found"),
    [
        (table(["deal.weather"], ["", '"0"']), {"Bonus, column deal.weather": "unknown_field"}),
        (table(AMOUNT, ["> weather", '"1"'], ["", '"0"']), {f"{ROW}deal.amountFen": "unknown_field"}),
        (table(AMOUNT, ["", "deal.weather"]), {f"{ROW}Bonus": "unknown_field"}),
        (table(AMOUNT, ['"KA"', '"1"'], ["", '"0"']), {f"{ROW}deal.amountFen": "cell_invalid"}),
        (table(["customer.class"], [">= 5", '"1"'], ["", '"0"']), {f"{ROW}customer.class": "cell_invalid"}),
        (table(AMOUNT, ["", ""]), {f"{ROW}Bonus": "cell_invalid"}),
        (table(AMOUNT, [">= 5", '"1"'], [">= 7", '"2"'], ["", '"0"']), {"Bonus, row 2": "unreachable"}),
        (table(AMOUNT, ["", '"1"'], [">= 7", '"2"']), {"Bonus, row 2": "unreachable"}),
        (table(AMOUNT, ["[1..5]", '"1"'], ["[4..9]", '"2"'], ["", '"0"']), {"Bonus, row 2": "overlap"}),
        (
            table(AMOUNT, ["< 5", '"1"'], ["> 9", '"2"']),
            {"Bonus": "no_default", "Bonus, column deal.amountFen": "gap"},
        ),
        (expression("deal.amountFen", key="bonus"), {"": "no_result"}),
        (expression("sum(map(deal.lines, #.amountFen))"), {}),
        (expression("sum(map(deal.lines, #.weight))"), {"Bonus, bonusFen": "unknown_field"}),
    ],
)  # fmt: skip
def test_names_types_and_rows_are_checked(model: dict[str, Any], found: dict[str, str]) -> None:
    assert content(model) == found


@pytest.mark.spec("I1.3")
@pytest.mark.parametrize(
    "text",
    ["sum(map([1..20000000], # * 2))", "len(1..9)", "`a${deal.amountFen}`", "1 + " * 200 + "1", "[1..2000000]"],
)
def test_what_could_run_away_is_refused_when_it_is_saved(text: str) -> None:
    assert content(expression(text)) == {"Bonus, bonusFen": "hostile"}


@pytest.mark.spec("I1.3", "I8.1")
def test_a_cycle_a_script_a_nested_model_and_a_huge_table_are_refused() -> None:
    one, two = (graph(expression("1")["nodes"][1] | {"id": name})["nodes"][1] for name in "ab")
    edges = [{"sourceId": "a", "targetId": "b"}, {"sourceId": "b", "targetId": "a"}]
    assert placed(check_structure({"nodes": [ORDER, one, two], "edges": edges})) == {"": "cycle"}
    for kind in ("functionNode", "decisionNode", "customNode"):
        assert placed(check_structure(graph({"id": "x", "type": kind, "name": "X"}))) == {"X": "hostile"}
    rows = [[f"== {number}", '"1"'] for number in range(10_000)]
    assert placed(check_structure(table(["deal.amountFen"], *rows))) == {"Bonus": "too_large"}
    assert placed(check_structure({"nodes": "x"})) == {"": "structure"}


@pytest.mark.spec("I1.2")
def test_a_cell_that_does_not_compile_is_named_with_row_and_column(evaluator: Evaluator) -> None:
    model = table(["deal.amountFen"], [">= ((", '"1"'], ["", '"0"'])
    found = errors(validate_rule(evaluator, model, HITS))
    assert placed(found) == {"Bonus, row 1, column deal.amountFen": "cell_invalid"}
    assert found[0].message_zh.startswith("无法解析")


@pytest.mark.spec("I1.2", "I1.3")
def test_a_cell_of_the_wrong_type_is_found_by_running_it(evaluator: Evaluator) -> None:
    model = table(["deal.amountFen"], ["$ * customer.class > 5", '"1"'], ["", '"0"'])
    found = placed(validate_rule(evaluator, model, HITS))
    assert found == {"a plain order: bonus, row 1, column c0": "cell_invalid"}


NUMBERS = st.integers(-20, 20)
CELLS = st.one_of(
    st.builds(lambda sign, number: f"{sign} {number}", st.sampled_from([">=", ">", "<", "<=", "=="]), NUMBERS),
    st.builds(
        lambda a, low, width, b: f"{a}{low}..{low + width}{b}",
        st.sampled_from("[("), NUMBERS, st.integers(1, 9), st.sampled_from("])"),
    ),
    st.builds(lambda a, b: f"{a}, {b}", NUMBERS, NUMBERS),
    st.just(""),
)  # fmt: skip


def holds(cell: str, value: Decimal) -> bool:
    found = region(cell)
    return not cell or (found is not None and found.covers(Region(found.kind, region(f"== {value}").intervals)))  # type: ignore[union-attr]


@pytest.mark.spec("I1.2")
@given(CELLS, CELLS)
def test_a_row_is_unreachable_exactly_when_no_value_passes_the_row_above(upper: str, lower: str) -> None:
    """Halves between whole numbers show open ends."""
    values = [Decimal(number) / 2 for number in range(-70, 70)]
    inside = all(holds(upper, value) for value in values if holds(lower, value))
    if row_covers([Cell(upper)], [Cell(lower)]):
        assert inside
    elif "," not in upper:
        assert not inside


@pytest.mark.spec("I1.2")
@given(CELLS.filter(bool), NUMBERS)
def test_a_cell_is_read_as_the_engine_reads_it(evaluator: Evaluator, cell: str, number: int) -> None:
    verdict = evaluator.evaluate(
        f"cell {cell}", table(["deal.amountFen"], [cell, '"1"'], ["", '"0"']), order(deal_amountFen=number)
    )
    assert (verdict.bonus_fen == 1) == holds(cell, Decimal(number))
