"""What a decision looks at: the roster in columns, the lead, and what else it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment.rules import Column, Mask, Place
from leads.lead.rules import Grade

Names = NDArray[np.object_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Reps:
    """The roster in columns, sorted by employee id: the position in a column is the order of ids."""

    employee_id: Names
    name: Names
    number: Counts
    status: Names
    unit: Names
    team: Names
    manager_id: Names
    position: Names
    is_rep: Mask
    # Proleptic ordinal of the first day; 0 when not known, which is no newcomer.
    hired_on: Counts
    # Degrees; NaN without a territory centre.
    latitude: Column
    longitude: Column
    radius_km: Column
    province: Names
    city: Names
    # Frozen sets; empty means all. `limited`: positions of those with either set.
    grades: Names
    industries: Names
    limited: Counts
    # 0: the policy's.
    baseline: Column
    open_a: Counts
    open_b: Counts
    open_c: Counts
    # Ordinal of the day on which `a_taken` A leads were taken.
    a_day: Counts
    a_taken: Counts
    # Unix time; −∞ for never.
    last_assigned: Column
    version: Counts
    revision: Counts
    # Kept from new leads by the concentration guard (LD4.5).
    paused: Mask
    # A leads won and closed within the conversion window, and the team's rate over the same.
    won: Counts
    closed: Counts
    team_rate: Column
    # Fair turns per grade (LD3.7).
    owed: dict[Grade, Column]
    received: dict[Grade, Column]

    def __len__(self) -> int:
        return len(self.employee_id)

    def find(self, employee_id: str) -> int | None:
        """Position of an employee, None when not on the roster."""
        at = int(np.searchsorted(self.employee_id, employee_id))
        return at if at < len(self) and self.employee_id[at] == employee_id else None

    def at(self, positions: Counts) -> Reps:
        """A copy of these alone, in the given order."""
        columns = {name: getattr(self, name)[positions] for name in COLUMNS}
        limited = np.flatnonzero(np.isin(positions, self.limited)) if len(self.limited) else self.limited
        return Reps(
            **columns,
            limited=limited,
            owed={grade: column[positions] for grade, column in self.owed.items()},
            received={grade: column[positions] for grade, column in self.received.items()},
        )

    def copy(self) -> Reps:
        """For who keeps it while the original is changed in place."""
        return self.at(np.arange(len(self)))


def take_on(reps: Reps, position: int, grade: Grade, at: datetime) -> None:
    """The rep there has one open lead more, from now; `reps` is changed in place."""
    column: Counts = getattr(reps, f"open_{grade.lower()}")
    column[position] += 1
    reps.last_assigned[position] = at.timestamp()
    if grade is Grade.A:
        today = local_date(at).toordinal()
        taken = reps.a_taken[position] if reps.a_day[position] == today else 0
        reps.a_day[position], reps.a_taken[position] = today, taken + 1


# What `take_on` changes.
CARRIED = ("open_a", "open_b", "open_c", "last_assigned", "a_day", "a_taken")
COLUMNS = tuple(name for name in Reps.__dataclass_fields__ if name not in {"limited", "owed", "received"})


@dataclass(frozen=True)
class Wanted:
    """The lead as the decision sees it. `grade` counts ungraded as C; `barred` may not get it automatically."""

    lead_id: str
    grade: Grade
    industry: str
    place: Place
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Circumstances:
    """What else the decision depends on."""

    at: datetime
    on_shift: bool
    high_load_before: bool = False
    # A leads given within the newcomer window, and those of them given to today's newcomers.
    a_given: int = 0
    a_to_newcomers: int = 0
