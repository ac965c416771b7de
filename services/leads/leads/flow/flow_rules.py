"""The heat map's cells: what each rep took in a month, how fast the first answer was, what was taken away (LD8.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from chassis.kernel.calendar import BusinessCalendar, local_date

# How an assignment ends when the lead goes to somebody else: each counts as a re-assignment (LD6.1).
TAKEN_AWAY = frozenset({"recycled", "recalled", "reassigned", "released"})


@dataclass(frozen=True)
class Taken:
    """One lead in one rep's hands. `answered_at`: the rep's first connected call, message or visit."""

    employee_id: str
    assigned_at: datetime
    answered_at: datetime | None
    end_kind: str


@dataclass(frozen=True)
class Cell:
    """`mean` and `p90` of the first answers, None when there is none yet."""

    employee_id: str
    month: str
    taken: int
    answered: int
    mean: timedelta | None
    p90: timedelta | None
    reassigned: int

    @property
    def reassignment_rate(self) -> float:
        return self.reassigned / self.taken


def cells(found: Iterable[Taken], *, shift_hours: bool) -> list[Cell]:
    """By month of assignment in Shanghai, then by rep. Answers are timed as the golden clock times them (P11.1)."""
    grouped: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for each in found:
        grouped[local_date(each.assigned_at).isoformat()[:7], each.employee_id].append(each)
    return [_cell(month, employee, grouped[month, employee], shift_hours) for month, employee in sorted(grouped)]


def _cell(month: str, employee_id: str, taken: list[Taken], shift_hours: bool) -> Cell:
    waits = sorted(_wait(each.assigned_at, each.answered_at, shift_hours) for each in taken if each.answered_at)
    return Cell(
        employee_id=employee_id,
        month=month,
        taken=len(taken),
        answered=len(waits),
        mean=sum(waits, timedelta()) / len(waits) if waits else None,
        p90=nearest_rank(waits, 0.9) if waits else None,
        reassigned=sum(each.end_kind in TAKEN_AWAY for each in taken),
    )


def _wait(start: datetime, end: datetime, shift_hours: bool) -> timedelta:
    return BusinessCalendar().elapsed_shift_time(start, end) if shift_hours else end - start


def nearest_rank(ordered: list[timedelta], share: float) -> timedelta:
    """The smallest value that at least this share of all does not exceed (nearest rank): it is one that happened."""
    return ordered[max(1, ceil(share * len(ordered))) - 1]
