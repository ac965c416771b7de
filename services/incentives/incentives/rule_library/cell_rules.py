"""What a condition cell lets through, as a set, so that rows can be compared.

Only the plain forms are read: `>= 5000000`, `[1..5)`, `1, 2`, `"KA", "A"`, `true`. Anything else is None: it may be
right, but nothing is said about overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from incentives.rule_library.context_rules import Kind

_NUMBER = r"-?\d+(?:\.\d+)?"
_COMPARED = re.compile(rf"^(>=|<=|>|<|==)?\s*({_NUMBER})$")
_INTERVAL = re.compile(rf"^([\[(])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\])])$")
_TEXTS = re.compile(r"""^(?:==\s*)?(?:"[^"]*"|'[^']*')(?:\s*,\s*(?:"[^"]*"|'[^']*'))*$""")
_TRUTH = re.compile(r"^(?:==\s*)?(true|false)$")
INFINITE = Decimal("Infinity")


@dataclass(frozen=True, order=True)
class Interval:
    """Numbers from `low` to `high`; the ends belong to it unless they are open."""

    low: Decimal
    low_open: bool
    high: Decimal
    high_open: bool

    def covers(self, other: Interval) -> bool:
        lower = self.low < other.low or (self.low == other.low and (not self.low_open or other.low_open))
        upper = self.high > other.high or (self.high == other.high and (not self.high_open or other.high_open))
        return lower and upper

    def meets(self, other: Interval) -> bool:
        low, high = max(self, other, key=lambda each: (each.low, each.low_open)), min(
            self, other, key=lambda each: (each.high, not each.high_open)
        )  # fmt: skip
        return low.low < high.high or (low.low == high.high and not low.low_open and not high.high_open)


@dataclass(frozen=True)
class Region:
    """A set of values of one kind: intervals of numbers, or single values."""

    kind: Kind
    intervals: tuple[Interval, ...] = ()
    values: frozenset[str] = frozenset()

    def covers(self, other: Region) -> bool:
        if self.kind != other.kind:
            return False
        if self.kind is Kind.NUMBER:
            return all(any(mine.covers(each) for mine in self.intervals) for each in other.intervals)
        return other.values <= self.values

    def meets(self, other: Region) -> bool:
        if self.kind != other.kind:
            return False
        if self.kind is Kind.NUMBER:
            return any(mine.meets(each) for mine in self.intervals for each in other.intervals)
        return not self.values.isdisjoint(other.values)


def is_interval(cell: str) -> bool:
    """A plain `[1..5]`: the only place where a range is no danger."""
    return bool(_INTERVAL.match(cell.strip()))


@lru_cache(maxsize=20_000)
def region(cell: str) -> Region | None:
    """The set a cell of a column lets through; None when it is not of a plain form."""
    text = cell.strip()
    if _TEXTS.match(text):
        found = re.findall(r""""([^"]*)"|'([^']*)'""", text)
        return Region(Kind.TEXT, values=frozenset(double or single for double, single in found))
    truth = _TRUTH.match(text)
    if truth:
        return Region(Kind.TRUTH, values=frozenset({truth[1]}))
    parts = [text] if is_interval(text) else [part.strip() for part in text.split(",")]
    intervals = [_interval(part) for part in parts]
    if any(each is None for each in intervals):
        return None
    return Region(Kind.NUMBER, tuple(each for each in intervals if each is not None))


def _interval(part: str) -> Interval | None:
    between = _INTERVAL.match(part)
    if between:
        return Interval(Decimal(between[2]), between[1] == "(", Decimal(between[3]), between[4] == ")")
    compared = _COMPARED.match(part)
    if compared is None:
        return None
    number = Decimal(compared[2])
    match compared[1]:
        case ">=" | ">":
            return Interval(number, compared[1] == ">", INFINITE, True)
        case "<=" | "<":
            return Interval(-INFINITE, True, number, compared[1] == "<")
        case _:
            return Interval(number, False, number, False)


@dataclass(frozen=True)
class Cell:
    """One condition; `region` None with text is one we can't read, without text it lets everything through."""

    text: str

    @property
    def any(self) -> bool:
        return not self.text.strip()

    @property
    def region(self) -> Region | None:
        return region(self.text)

    def covers(self, other: Cell) -> bool:
        if self.any or self.text.strip() == other.text.strip():
            return True
        mine, theirs = self.region, other.region
        return mine is not None and theirs is not None and mine.covers(theirs)

    def surely_meets(self, other: Cell) -> bool:
        if self.any or other.any:
            return True
        mine, theirs = self.region, other.region
        return mine is not None and theirs is not None and mine.meets(theirs)


def row_covers(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """The lower row of a table is never reached."""
    return all(one.covers(two) for one, two in zip(upper, lower, strict=True))


def rows_meet(one: Sequence[Cell], two: Sequence[Cell]) -> bool:
    """Some order fits both rows, as far as can be told."""
    return all(a.surely_meets(b) for a, b in zip(one, two, strict=True))


def holes(intervals: Sequence[Interval]) -> list[tuple[Decimal, Decimal]]:
    """What lies between the intervals and in none of them."""
    found: list[tuple[Decimal, Decimal]] = []
    reach: Interval | None = None
    for each in sorted(intervals, key=lambda item: (item.low, item.low_open)):
        if reach is not None and (
            reach.high < each.low or (reach.high == each.low and reach.high_open and each.low_open)
        ):
            found.append((reach.high, each.low))
        if reach is None or (each.high, not each.high_open) > (reach.high, not reach.high_open):
            reach = each
    return found
