"""The desk: leads are decided at it one after the other, each on what those before it were given (LD3.6).

What is given here is given in memory alone, and undone when the desk is left: the reservation makes it true, or the
lead is decided on anew. Each decision is a microsecond after the one before it, so that "least recently assigned" says
the same whether leads are decided together or one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import BusinessCalendar
from leads.assignment.choice_rules import Contest
from leads.assignment.fair_turn_rules import Numbers
from leads.assignment.input_rules import CARRIED, Circumstances, Wanted, take_on
from leads.assignment.sheet_rules import Sheet
from leads.assignment.shortlist_rules import shortlist
from leads.lead.events import RepPassedOver
from leads.lead.rules import Grade


@dataclass(frozen=True)
class Gift:
    """A lead about to be given: to whom, by position in the columns of a contest on a shortlist."""

    contest: Contest
    winner: int

    @property
    def winner_id(self) -> str:
        return str(self.contest.reps.employee_id[self.winner])

    @property
    def band(self) -> Numbers:
        """Numbers of those who are owed a share of it."""
        return np.zeros(0, dtype=np.int64) if self.contest.band is None else self.contest.band


class Desk:
    """`place_of`: position on the sheet by rep number, −1 for nobody. `a_given`: lately, to all and to newcomers."""

    def __init__(
        self,
        sheet: Sheet,
        place_of: Numbers,
        at: datetime,
        snapshot: str,
        high_load: frozenset[Grade],
        a_given: tuple[int, int],
    ) -> None:
        self.snapshot = snapshot
        self._sheet, self._place_of, self._at = sheet, place_of, at
        self._high_load = set(high_load)
        self._a_given, self._a_to_newcomers = a_given
        self._on_shift = sheet.policy.shift == "always_on" or BusinessCalendar().in_shift(at)
        self._decided = 0
        self._before: list[tuple[NDArray[Any], Any, Any]] = []
        self._touched: set[int] = set()

    def decide(self, wanted: Wanted, dropped: Iterable[str] = ()) -> Contest:
        """Among the few who can get it. `dropped`: employees whom the probe refused."""
        found = (self._sheet.reps.find(each) for each in dropped)
        out = np.array(sorted(at for at in found if at is not None), dtype=np.int64)
        contest = shortlist(self._sheet, wanted, self._around(wanted.grade), out)
        self._decided += 1
        return contest

    def give(self, gift: Gift) -> None:
        grade = gift.contest.wanted.grade
        at = int(self._place_of[gift.contest.reps.number[gift.winner]])
        self._carry(at, grade, gift.contest.circumstances.at)
        self._share(at, gift.band, grade)
        self._high_load.discard(grade)
        if gift.contest.survey.high_load:
            self._high_load.add(grade)
        if grade is Grade.A:
            self._a_given += 1
            self._a_to_newcomers += bool(self._sheet.newcomers[at])

    def full(self, grade: Grade) -> NDArray[np.int64]:
        """Positions of those whom the load alone keeps from a lead of the grade."""
        return self._sheet.full(grade)

    @property
    def day(self) -> date:
        """Of Shanghai."""
        return self._sheet.day

    def numbers(self, positions: Numbers) -> Numbers:
        return self._sheet.reps.number[positions]

    def passed_over(self, positions: Numbers) -> Iterator[RepPassedOver]:
        """What the reps there are told of their load."""
        sheet = self._sheet
        for at in positions:
            yield RepPassedOver(
                employee_id=str(sheet.reps.employee_id[at]),
                name=str(sheet.reps.name[at]),
                unit=str(sheet.reps.unit[at]),
                load=float(sheet.loads.load[at]),
                weighted=round(float(sheet.loads.weighted[at]), 2),
                baseline=float(sheet.loads.baseline[at]),
                day=sheet.day,
            )

    def leave(self) -> None:
        """Everything is as the snapshot shows it."""
        for column, places, before in reversed(self._before):
            column[places] = before
        if self._touched:
            self._sheet.update(np.array(sorted(self._touched), dtype=np.int64))

    def _around(self, grade: Grade) -> Circumstances:
        at = self._at + timedelta(microseconds=self._decided)
        return Circumstances(at, self._on_shift, grade in self._high_load, self._a_given, self._a_to_newcomers)

    def _carry(self, at: int, grade: Grade, since: datetime) -> None:
        reps = self._sheet.reps
        for name in CARRIED:
            column = getattr(reps, name)
            self._before.append((column, at, column[at]))
        take_on(reps, at, grade, since)
        self._touched.add(at)
        self._sheet.carries(at)

    def _share(self, at: int, band: Numbers, grade: Grade) -> None:
        owed, received = self._sheet.reps.owed[grade], self._sheet.reps.received[grade]
        places = self._place_of[band]
        self._before += [(owed, places, owed[places]), (received, at, received[at])]
        owed[places] += 1 / max(len(band), 1)
        received[at] += 1
