"""Who was owed and who received how much over the last days (LD3.7), counted from the decisions themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment.board_store import Turn
from leads.assignment.rules import Column
from leads.lead.rules import Grade


def band_bits(numbers: NDArray[np.int64]) -> bytes:
    """One bit per rep number, lowest first."""
    if not len(numbers):
        return b""
    bits = np.zeros(int(numbers.max()) + 1, dtype=np.uint8)
    bits[numbers] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def band_numbers(band: bytes) -> NDArray[np.int64]:
    return np.flatnonzero(np.unpackbits(np.frombuffer(band, dtype=np.uint8), bitorder="little"))


@dataclass
class FairTurns:
    """Sums per day, so that a day that falls out of the window is dropped whole."""

    owed: dict[tuple[date, Grade], Column] = field(default_factory=lambda: defaultdict(lambda: np.zeros(0)))
    received: dict[tuple[date, Grade], Column] = field(default_factory=lambda: defaultdict(lambda: np.zeros(0)))

    def add(self, turns: Iterable[Turn], number_of: Mapping[str, int]) -> None:
        """Decisions with outcome assigned."""
        for turn in turns:
            key = local_date(turn.at), Grade(turn.grade)
            numbers = band_numbers(bytes(turn.band or b""))
            if len(numbers):
                owed = _grown(self.owed[key], int(numbers.max()))
                owed[numbers] += 1 / turn.band_size
                self.owed[key] = owed
            winner = number_of.get(turn.winner_id)
            if winner is not None:
                received = _grown(self.received[key], winner)
                received[winner] += 1
                self.received[key] = received

    def over(self, grade: Grade, today: date, days: int, numbers: NDArray[np.int64]) -> tuple[Column, Column]:
        """Owed and received by rep number within the last `days` days, today included."""
        first = today - timedelta(days=days - 1)
        size = int(numbers.max()) + 1 if len(numbers) else 0
        return (
            _total(self.owed, grade, first, today, size)[numbers],
            _total(self.received, grade, first, today, size)[numbers],
        )

    def forget_before(self, first: date) -> None:
        for sums in (self.owed, self.received):
            for key in [key for key in sums if key[0] < first]:
                del sums[key]


def _total(sums: Mapping[tuple[date, Grade], Column], grade: Grade, first: date, last: date, size: int) -> Column:
    total = np.zeros(size)
    for (day, of_grade), column in list(sums.items()):
        if of_grade is grade and first <= day <= last:
            total[: len(column)] += column[:size]
    return total


def _grown(column: Column, index: int) -> Column:
    """A copy that has a place for `index`: readers of the old column are not disturbed."""
    grown = np.zeros(max(len(column), index + 1))
    grown[: len(column)] = column
    return grown
