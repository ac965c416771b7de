"""The event of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chassis.errors import InvalidInput


class ClaimInvalid(InvalidInput):
    en = "The claim is not valid."
    zh = "预测内容有误。"


@dataclass(frozen=True)
class ForecastSubmitted:
    """Probabilities as the contract's doubles; the exact decimals are on the submission."""

    opportunity_id: str
    rep_id: str
    unit: str
    submitted: float
    adjusted: float
    evidence_level: int


def exact(probability: float) -> Decimal:
    """The decimal a person wrote, not its binary neighbour: 0.9, not 0.90000000000000002."""
    return Decimal(repr(round(probability, 6)))
