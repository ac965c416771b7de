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
from targets.plans.rules import CURRENCY, DEPTH, Level, PlanNode

DEFINITION = "attainment.v1: arrived and claimed, by booking day, over target"
RATIO_DIGITS = Decimal("0.0001")


class CurrencyNotCounted(InvalidInput):
    """Adding dollars to yuan would be wrong and look right."""

    en = "A receipt in {currency} can't be counted into attainment in CNY."
    zh = "{currency} 到账无法计入以人民币计的达成。"


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


def check_currency(amount: Money) -> None:
    """Raises CurrencyNotCounted."""
    if amount.currency != CURRENCY:
        raise CurrencyNotCounted(currency=amount.currency)


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


@dataclass(frozen=True)
class Scope:
    """The claims that some lines are made of: those of these reps, and those in and below these units."""

    reps: frozenset[str]
    units: frozenset[str]


def scope_of(nodes: Iterable[PlanNode]) -> Scope | None:
    """What `lines` needs for these nodes; None: every claim of the month."""
    wanted = list(nodes)
    if any(node.level is Level.COMPANY for node in wanted):
        return None
    reps = frozenset(node.subject for node in wanted if node.level is Level.REP)
    units = {node.subject for node in wanted if node.level is not Level.REP}
    highest = {each for each in units if not any(each != other and each.startswith(other) for other in units)}
    return Scope(reps, frozenset(highest))


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
