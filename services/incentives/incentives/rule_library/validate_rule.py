"""Check a model: its structure, every cell compiled, and golden examples run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from incentives.evaluation.evaluator import Evaluator, WorkerGone
from incentives.evaluation.rules import Verdict
from incentives.rule_library.context_rules import SAMPLE, wrong_fields
from incentives.rule_library.model_rules import MOST_FINDINGS, check_content, check_structure, error, tables
from incentives.rule_library.rules import GoldenExample, RuleFinding, errors

Json = Mapping[str, Any]


def digest_of(model: Json) -> str:
    """Names a model by its content."""
    return hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()


def validate_rule(evaluator: Evaluator, model: Json, examples: Sequence[GoldenExample]) -> list[RuleFinding]:
    """All findings; errors keep a rule from being published. Nothing of a model runs before its text was checked."""
    found = check_structure(model)
    if found:
        return found
    found = check_content(model)
    if errors(found):
        return found
    found += _check_compiling(evaluator, model)
    if not errors(found):
        found += _check_examples(evaluator, model, examples)
    return found[:MOST_FINDINGS]


def _check_compiling(evaluator: Evaluator, model: Json) -> list[RuleFinding]:
    try:
        problems = evaluator.inspect(digest_of(model), model)
    except WorkerGone:
        return [error("", "hostile", "It could not be read in the memory allowed.", "规则过大，无法在限定内存内解析。")]
    names = {str(node["id"]): str(node.get("name") or node["id"]) for node in model["nodes"]}
    titles = {
        str(each["id"]): str(each.get("name") or each.get("field") or each["id"])
        for table in tables(model)
        for each in [*table.columns, *table.outputs]
    }
    found = []
    for each in problems:
        row = f", row {each.row}" if each.row else ""
        place = f"{names[each.node]}{row}, column {titles.get(each.column, each.column)}"
        found.append(error(place, "cell_invalid", f"It can't be read: {each.error}", f"无法解析：{each.error}"))
    return found


def _check_examples(evaluator: Evaluator, model: Json, examples: Sequence[GoldenExample]) -> Iterator[RuleFinding]:
    digest, hit = digest_of(model), set[tuple[str, int]]()
    sample = evaluator.evaluate(digest, model, SAMPLE)
    if sample.failures:
        yield from _failures("a plain order", sample)
        return
    for each in examples:
        wrong = list(wrong_fields(each.context))
        if wrong:
            yield from (error(each.name, "example_invalid", f"{p} {en}.", f"{p} {zh}。") for p, en, zh in wrong)
            continue
        verdict = evaluator.evaluate(digest, model, each.context)
        hit |= {(taken.node, taken.row) for taken in verdict.hits}
        yield from _failures(each.name, verdict)
        if not verdict.failures and verdict.bonus_fen != each.expected_fen:
            en = f"It gives {verdict.bonus_fen} fen instead of {each.expected_fen}."
            zh = f"结果为 {verdict.bonus_fen} 分，应为 {each.expected_fen} 分。"
            yield error(each.name, "example_failed", en, zh)
    for table in tables(model):
        for number in range(1, len(table.rows) + 1):
            if (table.id, number) not in hit:
                en, zh = "No golden example hits this row.", "没有示例命中该行。"
                yield error(table.place(number), "example_missing", en, zh)


def _failures(name: str, verdict: Verdict) -> Iterator[RuleFinding]:
    for each in verdict.failures:
        place = f"{name}: {each.place}" if each.place else name
        yield error(place, "hostile" if not each.place else "cell_invalid", each.error, each.error_zh)
