"""Rules run in a worker: what is hostile is stopped, what fails is told, and the next rule is served (I1.3)."""

from __future__ import annotations

import time

import pytest

from incentives.evaluation.evaluator import Evaluator
from incentives.evaluation.rules import TOO_BIG, TOO_LONG, Verdict
from incentives.rule_library.validate_rule import digest_of

from .models import expression, order, table


def run(evaluator: Evaluator, model: dict[str, object], **context: object) -> Verdict:
    return evaluator.evaluate(digest_of(model), model, order(**context))


@pytest.mark.spec("I1.1")
def test_a_table_gives_the_first_row_that_fits(evaluator: Evaluator) -> None:
    model = table(["deal.amountFen"], [">= 5000000", '"50000"'], ["", '"0"'])
    assert run(evaluator, model, deal_amountFen=50_000_00).bonus_fen == 500_00
    verdict = run(evaluator, model, deal_amountFen=49_999_99)
    assert (verdict.bonus_fen, verdict.hits[0].row) == (0, 2)


@pytest.mark.spec("I1.1")
def test_amounts_are_exact_beyond_what_a_double_holds(evaluator: Evaluator) -> None:
    model = expression("string(deal.amountFen)")
    assert run(evaluator, model, deal_amountFen=9_007_199_254_740_993).bonus_fen == 9_007_199_254_740_993


@pytest.mark.spec("I1.3")
@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([['> deal.contractNumber', '"1"'], ["", '"0"']], "bonus, row 1, column c0"),
        ([["", "deal.contractNumber * 2"], ["", '"0"']], "bonus, row 1"),
    ],
)  # fmt: skip
def test_a_row_that_fails_is_told_and_never_skipped(evaluator: Evaluator, rows: list[list[str]], place: str) -> None:
    verdict = run(evaluator, table(["deal.amountFen"], *rows))
    assert verdict.bonus_fen is None
    assert verdict.failures[0].place == place


@pytest.mark.spec("I1.3")
@pytest.mark.parametrize("text", ["1 / 0", '"abc"', "0.5", "-5", "null", "deal"])
def test_a_result_that_is_no_amount_is_a_failure(evaluator: Evaluator, text: str) -> None:
    verdict = run(evaluator, expression(text))
    assert verdict.bonus_fen is None
    assert verdict.failures[0].place == "bonusFen"


@pytest.mark.spec("I1.3")
def test_an_endless_rule_is_stopped_and_the_next_one_is_served(evaluator: Evaluator) -> None:
    endless = expression("string(sum(map([1..3000000], # * 2)))")
    started = time.monotonic()
    assert run(evaluator, endless).failures in [(TOO_LONG,), (TOO_BIG,)]
    assert time.monotonic() - started < 2
    assert run(evaluator, expression("1")).bonus_fen == 1


@pytest.mark.spec("I1.3")
def test_a_rule_that_grows_is_stopped_by_memory() -> None:
    patient = Evaluator(seconds=5, memory_mb=256)
    try:
        verdict = run(patient, expression("string(len(map([1..20000000], string(#))))"))
        assert verdict.failures == (TOO_BIG,)
        assert run(patient, expression("1")).bonus_fen == 1
    finally:
        patient.close()


@pytest.mark.spec("I1.3")
def test_processor_time_is_limited_to_the_setting() -> None:
    strict = Evaluator(seconds=0.08, memory_mb=4096)
    try:
        verdict = run(strict, expression("string(sum(map([1..2000000], # * 2)))"))
        assert verdict.failures == (TOO_LONG,)
    finally:
        strict.close()


@pytest.mark.spec("I1.3")
def test_a_stopped_rule_is_tried_again_and_a_verdict_is_remembered(evaluator: Evaluator) -> None:
    model = expression("2")
    assert run(evaluator, model) is run(evaluator, model)


@pytest.mark.spec("I1.2")
def test_cells_that_do_not_compile_are_named(evaluator: Evaluator) -> None:
    model = table(["deal.amountFen"], ["> ((", '"1"'], ["", "nosuch(1)"])
    found = [(each.row, each.column) for each in evaluator.inspect(digest_of(model), model)]
    assert found == [(1, "c0"), (2, "out")]
