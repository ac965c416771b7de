"""A bonus in words: the row that was hit, with the order's figures put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chassis.kernel.money import Money
from incentives.evaluation.rules import Hit
from incentives.rule_library.context_rules import FIELDS
from incentives.rule_library.model_rules import TableView, tables

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def formula(model: Mapping[str, Any], context: Mapping[str, Any], hits: Sequence[Hit], fen: int) -> tuple[str, str]:
    """ "order amount 52,000.00 (>= 50,000.00); customer class KA → 500.00 CNY", and the same in Chinese."""
    taken = {hit.node: hit.row for hit in hits}
    steps = [step for table in tables(model) if table.id in taken for step in _steps(table, taken[table.id], context)]
    amount = f"{Money(fen).yuan:,.2f}"
    return (
        f"{'; '.join(en for en, _ in steps)} → {amount} CNY".strip(),
        f"{'；'.join(zh for _, zh in steps)} → {amount} 元".strip(),
    )


def _steps(table: TableView, number: int, context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    row = table.rows[number - 1]
    for column in table.columns:
        field, cell = str(column.get("field") or ""), str(row.get(column["id"]) or "").strip()
        if not cell:
            continue
        if field not in FIELDS:
            yield cell, cell
            continue
        _, en, zh = FIELDS[field]
        root, _, name = field.partition(".")
        value = context[root][name]
        shown, bound = _shown(field, value, "zh"), _bound(field, cell)
        plain = bound in {f'"{value}"', str(value), str(value).lower(), f"== {value}"}
        yield (
            f"{en} {_shown(field, value, 'en')}" + ("" if plain else f" ({bound})"),
            f"{zh} {shown}" + ("" if plain else f"（{bound}）"),
        )


def _shown(field: str, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是")}[language][value]
    if field.endswith("Fen"):
        return f"{Money(int(value)).yuan:,.2f}"
    return str(value)


def _bound(field: str, cell: str) -> str:
    """The condition, fen written as yuan."""
    if not field.endswith("Fen"):
        return cell
    return _NUMBER.sub(lambda found: f"{Money(int(float(found[0]))).yuan:,.2f}", cell)
