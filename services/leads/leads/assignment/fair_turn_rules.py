"""Who was owed and who received how much over the last days (LD3.7), counted from the decisions themselves.

Also how many A leads each got lately, by whatever way: what the newcomers' quota looks at (LD3.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment.rules import Column
from leads.lead.rules import Grade

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Turn:
    """A decision with a winner: who got the lead; and whose claim it was, when it was automatic."""

    decision_id: Hashable
    at: datetime
    grade: str
    outcome: str
    winner_id: str
    band: bytes | None
    band_size: int


def band_bits(numbers: Numbers) -> bytes:
    """One bit per rep number, lowest first."""
    if not len(numbers):
        return b""
    bits = np.zeros(int(numbers.max()) + 1, dtype=np.uint8)
    bits[numbers] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def band_numbers(band: bytes) -> Numbers:
    return np.flatnonzero(np.unpackbits(np.frombuffer(band, dtype=np.uint8), bitorder="little"))


@dataclass(frozen=True)
class Share:
    """What a turn adds for one grade: `owed` to each of the numbers `band`, one lead to `winner` (None: unknown)."""

    day: date
    grade: Grade
    band: Numbers
    owed: float
    winner: int | None


class Days:
    """A column by rep number for each day, so that a day that falls out of the window is dropped whole; and their sum,
    kept up to date as days are added to."""

    def __init__(self) -> None:
        self._days: dict[date, Column] = {}
        self._window = (date.min, date.min)
        self._sum = np.zeros(0)

    def add(self, day: date, numbers: Numbers, amount: float) -> None:
        if not len(numbers):
            return
        column = self._days[day] = _grown(self._days.get(day, np.zeros(0)), int(numbers.max()))
        column[numbers] += amount
        if self._window[0] <= day <= self._window[1]:
            self._sum = _grown(self._sum, int(numbers.max()))
            self._sum[numbers] += amount

    def over(self, first: date, last: date, size: int) -> Column:
        """The sum of these days by number, at least `size` of them; not to be changed."""
        if (first, last) != self._window:
            self._window, self._sum = (first, last), np.zeros(size)
            for day, column in self._days.items():
                if first <= day <= last:
                    self._sum = _grown(self._sum, len(column) - 1)
                    self._sum[: len(column)] += column
        self._sum = _grown(self._sum, size - 1)
        return self._sum

    def forget_before(self, first: date) -> None:
        for day in [day for day in self._days if day < first]:
            del self._days[day]


class FairTurns:
    def __init__(self) -> None:
        self._owed: dict[Grade, Days] = defaultdict(Days)
        self._received: dict[Grade, Days] = defaultdict(Days)
        self._a_given = Days()

    def add(self, turns: Iterable[Turn], number_of: Mapping[str, int]) -> list[Share]:
        """Decisions with a winner; what the automatic ones of them added."""
        return [share for turn in turns if (share := self._add(turn, number_of.get(turn.winner_id)))]

    def over(self, grade: Grade, today: date, days: int, numbers: Numbers) -> tuple[Column, Column]:
        """Owed and received by rep number within the last `days` days, today included."""
        window = today - timedelta(days=days - 1), today, _size(numbers)
        return self._owed[grade].over(*window)[numbers], self._received[grade].over(*window)[numbers]

    def a_given(self, today: date, days: int, newcomers: Numbers) -> tuple[int, int]:
        """A leads given within the last `days` days, today included: to all, and to the numbers of `newcomers`."""
        given = self._a_given.over(today - timedelta(days=days - 1), today, _size(newcomers))
        return int(given.sum()), int(given[newcomers].sum())

    def forget_before(self, first: date) -> None:
        for each in (*self._owed.values(), *self._received.values(), self._a_given):
            each.forget_before(first)

    def _add(self, turn: Turn, winner: int | None) -> Share | None:
        day, grade = local_date(turn.at), Grade(turn.grade)
        won = np.array([] if winner is None else [winner], dtype=np.int64)
        if grade is Grade.A:
            self._a_given.add(day, won, 1)
        if turn.outcome != "assigned":
            return None
        share = Share(day, grade, band_numbers(bytes(turn.band or b"")), 1 / max(turn.band_size, 1), winner)
        self._owed[grade].add(day, share.band, share.owed)
        self._received[grade].add(day, won, 1)
        return share


def _size(numbers: Numbers) -> int:
    return int(numbers.max()) + 1 if len(numbers) else 0


def _grown(column: Column, index: int) -> Column:
    """Itself when it has a place for `index`, else a longer copy."""
    if index < len(column):
        return column
    grown = np.zeros(index + 1)
    grown[: len(column)] = column
    return grown
