"""The receipts of the story, in fen, by what becomes of each. All amounts are different, so that an amount tells.

The case gives the target 5,080,000, 103 % against 78 %, and 37 receipts; the rest is made up so that it adds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

TARGET = 5_080_000_00
FINANCE_SAYS, SALES_SAYS = 5_232_400_00, 3_962_400_00
FEBRUARY, MARCH = date(2026, 2, 26), date(2026, 3, 12)
MISSING = 37


@dataclass(frozen=True)
class Group:
    """Receipts of one fate. `entered`: by hand before the 18th, posted or waiting for its second approval.

    `due` is None for money that no contract is known for. `given_back`: it goes back to the customer.
    """

    name: str
    count: int
    fen: int
    first: date
    last: date
    due: date | None
    missing: bool = False
    entered: str = ""
    given_back: bool = False


def february(first: int, last: int) -> tuple[date, date]:
    return date(2026, 2, first), date(2026, 2, last)


# What finance's total holds beyond all rows: a sum typed wrong in the spreadsheet.
SLIP = 4_200_00
GROUPS = (
    Group("early", 2, 120_000_00, date(2026, 1, 28), date(2026, 1, 30), FEBRUARY),
    Group("regular", 22, 3_540_000_00, *february(2, 17), FEBRUARY),
    Group("due-later", 3, 236_500_00, *february(3, 13), MARCH),
    Group("nobody-s", 2, 84_360_00, *february(4, 13), None),
    Group("given-back", 1, 26_000_00, *february(5, 5), FEBRUARY, given_back=True),
    Group("posted", 9, 302_400_00, *february(1, 9), FEBRUARY, missing=True, entered="posted"),
    Group("posted-due-later", 2, 61_440_00, *february(2, 8), MARCH, missing=True, entered="posted"),
    Group("waiting", 3, 118_800_00, *february(3, 9), FEBRUARY, missing=True, entered="waiting"),
    Group("not-entered", 23, 858_700_00, *february(1, 9), FEBRUARY, missing=True),
)


@dataclass(frozen=True)
class Receipt:
    number: int
    group: Group
    fen: int
    day: date

    @property
    def contract(self) -> str:
        return f"JY-2026-{self.number:04d}"

    @property
    def payer(self) -> str:
        return f"第{self.number}实验学校"

    @property
    def serial(self) -> str:
        return f"{self.number:06d}"

    @property
    def amount(self) -> str:
        return f"{self.fen // 100}.{self.fen % 100:02d}"


def receipts() -> list[Receipt]:
    """The same each time."""
    return list(_drawn(Random(20260210)))  # noqa: S311 - a company made up, not a secret


def _drawn(random: Random) -> Iterator[Receipt]:
    number = 0
    for group in GROUPS:
        days = (group.last - group.first).days
        for fen in shares(group.fen, group.count, random):
            number += 1
            yield Receipt(number, group, fen, group.first + timedelta(days=random.randint(0, days)))


def shares(total: int, count: int, random: Random) -> list[int]:
    """Different amounts that add up to the total, to the fen."""
    weights = [1000 + 37 * index + random.randint(0, 30) for index in range(count)]
    found = [total * weight // sum(weights) for weight in weights]
    found[-1] += total - sum(found)
    return found
