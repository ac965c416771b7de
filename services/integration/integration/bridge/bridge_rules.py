"""Bridge two figures of a period, ours or from outside (N7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from integration.bridge.outside_rules import Outside, match, unexplained
from integration.bridge.rules import Bridge, Credit, Figure, Row, Side, explain, total


@dataclass(frozen=True)
class Asked:
    """A figure as it was known at an instant; `outside` is there when, and only when, it comes from outside."""

    figure: Figure
    as_of: datetime
    outside: Outside | None = None


def bridge(
    credits: Sequence[Credit], period: tuple[date, date], a: Asked, b: Asked, proved_until: date | None
) -> Bridge:
    side_a, odd_a = _side(credits, period, a, proved_until)
    side_b, odd_b = _side(credits, period, b, proved_until)
    rows, agreed = explain(credits, side_a, side_b)
    rows += [*odd_a, *(replace(each, a_fen=0, b_fen=each.a_fen) for each in odd_b)]
    ordered = sorted(rows, key=lambda each: (each.booked_on or date.min, each.serial, each.contract_number))
    return Bridge(_total(credits, side_a, a), _total(credits, side_b, b), tuple(ordered), agreed)


def _side(
    credits: Sequence[Credit], period: tuple[date, date], asked: Asked, proved_until: date | None
) -> tuple[Side, Sequence[Row]]:
    """A total without rows is taken for the bank's money of the period, and a lump that nothing backs."""
    side = Side(asked.figure, *period, asked.as_of)
    if asked.outside is None:
        return side, ()
    if asked.outside.rows:
        found = match(asked.outside, credits, proved_until)
        return replace(side, listed=found.listed), found.odd
    ours = replace(side, figure=Figure.BANK_CREDITS)
    lump = unexplained(asked.outside, total(credits, ours))
    return ours, [lump] if lump else ()


def _total(credits: Sequence[Credit], side: Side, asked: Asked) -> int:
    return total(credits, side) if asked.outside is None else asked.outside.total_fen
