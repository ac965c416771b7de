"""The way of a contract, from the lead to the money, as steps with ids and days (N5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class StepKind(IntEnum):
    """In the order in which a sale goes."""

    LEAD = 1
    OPPORTUNITY = 2
    QUOTE = 3
    CONTRACT = 4
    SCHEDULE = 5
    DELIVERY = 6
    RECEIVABLE = 7
    RECEIPT = 8
    INVOICE = 9
    SERVICE_CALL = 10


@dataclass(frozen=True)
class Step:
    """`day` is None where the context that owns it doesn't tell. `fen` is None of what has no amount.

    `state`: in the words of what it is. `link`: where the REST interface shows it.
    """

    kind: StepKind
    id: str
    day: date | None
    state: str = ""
    fen: int | None = None
    currency: str = "CNY"
    text: str = ""
    link: str = ""


def in_order(steps: Iterable[Step]) -> list[Step]:
    """As a sale goes, within a kind by day."""
    return sorted(steps, key=lambda each: (each.kind, each.day or date.max, each.id))
