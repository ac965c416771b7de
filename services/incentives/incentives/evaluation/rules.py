"""What running a rule on an order can come to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RESULT = "bonusFen"
# Whole numbers up to here survive the way through a double.
LARGEST_EXACT = 2**53
_WHOLE = re.compile(r"^-?\d{1,18}$")


@dataclass(frozen=True)
class Hit:
    """Row counts from 1."""

    node: str
    row: int


@dataclass(frozen=True)
class Failure:
    """Something of the rule that could not be run; `place` is empty when the whole rule was stopped."""

    place: str
    error: str
    error_zh: str


@dataclass(frozen=True)
class Verdict:
    """The bonus in fen, or the failures: never both, and a rule that fails gives nothing."""

    bonus_fen: int | None
    hits: tuple[Hit, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class CellProblem:
    """A cell that does not compile. `row` is 0 for a heading or an expression node."""

    node: str
    row: int
    column: str
    error: str


TOO_LONG = Failure("", "The rule ran too long and was stopped.", "规则运行超时，已被终止。")
TOO_BIG = Failure("", "The rule needed too much memory and was stopped.", "规则占用内存过大，已被终止。")


def read_verdict(result: Any, hits: Sequence[Mapping[str, Any]], failures: Sequence[Mapping[str, Any]]) -> Verdict:
    """A failing cell fails the rule, even if another row gave an amount (I1.3)."""
    taken = tuple(Hit(str(each["node"]), int(each["row"])) for each in hits)
    if failures:
        return Verdict(None, taken, tuple(_failure(each) for each in failures))
    fen = read_fen(result.get(RESULT) if isinstance(result, Mapping) else None)
    if fen is None or fen < 0:
        return Verdict(None, taken, (not_an_amount(result),))
    return Verdict(fen, taken)


def read_fen(value: Any) -> int | None:
    """Exact fen from a text of digits or a whole number; None for anything else."""
    if isinstance(value, str) and _WHOLE.match(value):
        return int(value)
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < LARGEST_EXACT:
        return int(value) if value == int(value) else None
    return None


def not_an_amount(result: Any) -> Failure:
    shown = str(result.get(RESULT) if isinstance(result, Mapping) else result)[:80]
    return Failure(RESULT, f"The result {shown} is no whole amount in fen.", f"结果 {shown} 不是以分为单位的整数金额。")


def _failure(said: Mapping[str, Any]) -> Failure:
    place = place_of(str(said.get("node", "")), int(said.get("row", 0)), str(said.get("column", "")))
    return Failure(place, f"It could not be run: {said['error']}", f"无法运行：{said['error']}")


def place_of(node: str, row: int, column: str) -> str:
    """ "Bonus, row 3, column amount" """
    parts = [node, f"row {row}" if row else "", f"column {column}" if column else ""]
    return ", ".join(part for part in parts if part)
