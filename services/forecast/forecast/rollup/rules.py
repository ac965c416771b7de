"""The forecast of a month, summed per rep, team, region and company.

A deal belongs to the month of its expected close, a closed one to the month it closed. `submitted` and `adjusted` are
Σ amount × probability over open deals; a deal nobody claimed adds to the pipeline alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from chassis.kernel.money import Money
from forecast.opportunities.rules import OPEN, Stage

DEFINITION = "forecast.v1: submitted × accuracy, capped by evidence; collected = arrived and claimed"
LEVELS = ("company", "region", "team")


@dataclass(frozen=True)
class Deal:
    stage: Stage
    owner_id: str
    unit: str
    amount: Money
    collected: Money
    submitted: Decimal | None
    adjusted: Decimal | None


@dataclass(frozen=True)
class Line:
    """`subject` is a unit path, or the employee id on level rep."""

    level: str
    subject: str
    name: str
    deals: int
    pipeline: Money
    submitted: Money
    adjusted: Money
    won: Money
    collected: Money


def subjects_of(deal: Deal) -> list[tuple[str, str]]:
    """(level, subject) of each line the deal counts for."""
    names = [name for name in deal.unit.split("/") if name]
    units = [
        (level, "/" + "/".join(names[: depth + 1]) + "/") for depth, level in enumerate(LEVELS) if depth < len(names)
    ]
    return [*units, ("rep", deal.owner_id)]


def lines(deals: Iterable[Deal], names: Mapping[str, str]) -> list[Line]:
    """Company first, reps last, by subject within a level."""
    found: dict[tuple[str, str], list[Deal]] = {}
    for deal in deals:
        for key in subjects_of(deal):
            found.setdefault(key, []).append(deal)
    order = {level: at for at, level in enumerate((*LEVELS, "rep"))}
    return [
        _line(level, subject, names.get(subject, subject), found[level, subject])
        for level, subject in sorted(found, key=lambda key: (order[key[0]], key[1]))
    ]


def _line(level: str, subject: str, name: str, deals: list[Deal]) -> Line:
    still_open = [deal for deal in deals if deal.stage in OPEN]
    return Line(
        level=level,
        subject=subject,
        name=name,
        deals=len(deals),
        pipeline=Money.total(deal.amount for deal in still_open),
        submitted=Money.total(deal.amount.times(deal.submitted or Decimal(0)) for deal in still_open),
        adjusted=Money.total(deal.amount.times(deal.adjusted or Decimal(0)) for deal in still_open),
        won=Money.total(deal.amount for deal in deals if deal.stage in (Stage.WON, Stage.COLLECTED)),
        collected=Money.total(deal.collected for deal in deals),
    )
