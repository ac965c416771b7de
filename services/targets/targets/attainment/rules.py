"""Attainment = collected / target, per month (T2.1).

"Collected" is money that arrived and was claimed; the day it was booked decides the month. A rep's figure is the sum
of the claims on contracts the rep sold, a unit's the sum over the unit and all below. A claim whose rep nobody knows
yet counts for the company alone until the roster names the unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chassis.errors import InvalidInput
from chassis.kernel.money import Money
from targets.plans.rules import DEPTH, Level, PlanNode

RATIO_DIGITS = Decimal("0.0001")


class UnreadableDay(InvalidInput):
    en = "{value} is not a day."
    zh = "{value} 不是有效日期。"


@dataclass(frozen=True)
class ClaimSum:
    """Claims of one rep in one unit and month."""

    salesperson_id: str
    unit: str | None
    amount: Money
    claims: int


@dataclass(frozen=True)
class AttainmentLine:
    node: PlanNode
    collected: Money
    claims: int
    # None when the target is zero: nothing can be said.
    attainment: Decimal | None


@dataclass(frozen=True)
class AttainmentChanged:
    subject: str
    unit: str
    month: str
    collected: Money
    target: Money | None
    receipt_id: str


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def read_day(value: str) -> date:
    """Raises UnreadableDay."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UnreadableDay(value=value) from None


def attainment(collected: Money, target: Money) -> Decimal | None:
    """collected / target to four decimals."""
    if target.fen == 0:
        return None
    return (Decimal(collected.fen) / Decimal(target.fen)).quantize(RATIO_DIGITS)


def lines(nodes: Iterable[PlanNode], sums: Sequence[ClaimSum]) -> list[AttainmentLine]:
    """One line per node, in the order given."""
    by_rep: dict[str, list[ClaimSum]] = {}
    for each in sums:
        by_rep.setdefault(each.salesperson_id, []).append(each)
    by_unit = _by_unit(sums)
    return [_line(node, by_rep, by_unit, sums) for node in nodes]


def _by_unit(sums: Sequence[ClaimSum]) -> dict[str, list[ClaimSum]]:
    """Claims under each unit they belong to, so that a line looks at its own only."""
    found: dict[str, list[ClaimSum]] = {}
    for each in sums:
        names = (each.unit or "").strip("/").split("/")
        for depth in range(DEPTH[Level.REGION], len(names) + 1):
            found.setdefault("/" + "/".join(names[:depth]) + "/", []).append(each)
    return found


def _line(
    node: PlanNode,
    by_rep: dict[str, list[ClaimSum]],
    by_unit: dict[str, list[ClaimSum]],
    everything: Sequence[ClaimSum],
) -> AttainmentLine:
    match node.level:
        case Level.REP:
            mine = by_rep.get(node.subject, [])
        case Level.COMPANY:
            mine = list(everything)
        case _:
            mine = by_unit.get(node.subject, [])
    collected = Money.total(each.amount for each in mine)
    return AttainmentLine(node, collected, sum(each.claims for each in mine), attainment(collected, node.target))
