"""Which metrics and labels an expression asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

import promql_parser as promql


def unknown(expression: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    """What the expression asks for and nobody provides, in words; none when all is well. Raises ValueError."""
    parsed = promql.parse(_plain(expression))
    problems: list[str] = []
    labels: set[str] = set()
    for selector in _selectors(parsed):
        name = selector.name or ""
        if name not in known:
            problems.append(f"{name} is no metric")
            continue
        labels |= known[name]
        problems += [
            f"{name} has no label {each.name}" for each in selector.matchers.matchers if each.name not in known[name]
        ]
    return problems + [f"{each} is no label of {expression}" for each in sorted(_grouping(parsed) - labels)]


def _plain(expression: str) -> str:
    """Without the variables of a dashboard, which the parser does not know."""
    return expression.replace("$__rate_interval", "5m").replace("$__range", "1d").replace("$service", "leads")


def _selectors(parsed: promql.Expr) -> list[promql.VectorSelector]:
    found: list[promql.VectorSelector] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.MatrixSelector):
            found.append(node.vector_selector)
        elif isinstance(node, promql.VectorSelector):
            found.append(node)

    promql.walk(parsed, visit)
    return list({str(each): each for each in found}.values())


def _grouping(parsed: promql.Expr) -> set[str]:
    """Labels of `by`, `without`, `on` and `ignoring`."""
    text = re.sub(r"\{[^}]*\}", "", str(parsed))
    named = re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right) \(([^)]*)\)", text)
    return {each.strip() for group in named for each in group.split(",") if each.strip()}
