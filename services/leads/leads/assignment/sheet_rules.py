"""The sheet: what a decision needs of each rep, worked out once and kept up to date row by row (LD3.10, LD3.12).

Guarantee: whatever rows changed, in whatever order, every column is what filter_rules.py and rules.py say of the roster
as it is now. So a decision doesn't go over the whole company: it looks up what the formula said of each rep before.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment import rules
from leads.assignment.filter_rules import (
    FILTERS,
    NOBODY,
    Loads,
    Refusals,
    allows,
    eligible,
    loads,
    newcomers,
    refusals,
    refused_for_load,
)
from leads.assignment.geo_rules import least_cosine, unit_vectors
from leads.assignment.input_rules import Circumstances, Counts, Names, Reps, Wanted
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.assignment.rules import Column, Mask, Place
from leads.lead.rules import Grade

_INDUSTRIES = 64  # so many are kept at once
_BY_LOAD = (FILTERS.index("load"), FILTERS.index("a_today"))
_ANYWHERE = Place(None, "", "")


class Sheet:
    """Of one roster, policy and day. `reps` is changed in place; `update` has to be told where."""

    def __init__(self, reps: Reps, policy: AssignmentPolicy, at: datetime) -> None:
        size = len(reps)
        self.reps, self.policy, self.day = reps, policy, local_date(at)
        self._circumstances = Circumstances(at, on_shift=True)
        self.loads = Loads(np.zeros(size), np.zeros(size), np.zeros(size))
        self.conversion_n = np.zeros(size)
        self.newcomers = np.zeros(size, dtype=bool)
        self.refused: dict[Grade, Refusals] = {grade: np.zeros(size, dtype=np.int8) for grade in Grade}
        self.counts: dict[Grade, Counts] = {grade: np.zeros(len(FILTERS) + 1, dtype=np.int64) for grade in Grade}
        self._eligible: dict[Grade, Mask] = {grade: np.zeros(size, dtype=bool) for grade in Grade}
        self._hundredths: dict[Grade, tuple[int, int]] = dict.fromkeys(Grade, (0, 0))
        self._without_region: dict[tuple[float, float], Column] = {}
        self._closed_to: dict[str, Counts] = {}
        self._fill()
        self.place()

    def place(self) -> None:
        """Where everybody is, and for which industries they work: anew after a profile has changed."""
        reps = self.reps
        self.vectors = unit_vectors(reps.latitude, reps.longitude)
        # NaN compares as false: without a centre nobody is near.
        self.least_cosine = np.where(
            np.isnan(reps.latitude), np.inf, least_cosine(rules.reach_km(reps.radius_km, self.policy))
        )
        self.vectors[np.isnan(reps.latitude)] = 0.0
        self._cities, self.city = _coded(reps.city)
        self._provinces, self.province = _coded(reps.province)
        self.without_centre = np.flatnonzero(np.isnan(reps.latitude))
        self._closed_to.clear()

    def update(self, positions: Counts) -> None:
        """The reps there have changed, their places and industries apart. No position may be named twice."""
        self._count(positions, -1)
        self._write(positions, self.reps.at(positions))
        self._count(positions, +1)

    def carries(self, position: int) -> None:
        """Only the load of the rep there has changed: by far the most frequent change."""
        at = np.array([position], dtype=np.int64)
        self._count(at, -1)
        reps = self.reps.at(at)
        loaded = self._write_loads(at, reps)
        for grade in Grade:
            before = self.refused[grade][position]
            if before == NOBODY or before in _BY_LOAD:
                self.refused[grade][position] = refused_for_load(reps, loaded, grade, self.day, self.policy)[0]
        self._count(at, +1)

    def mean_load(self, grade: Grade) -> float:
        return rules.mean_of_hundredths(*self._hundredths[grade])

    def without_region(self, weights: Weights) -> Column:
        """The score's parts that don't depend on the lead, not rounded."""
        key = weights.load, weights.conversion
        if key not in self._without_region:
            self._without_region[key] = _parts(self.loads.load, self.conversion_n, *key)
        return self._without_region[key]

    def refusals(self, wanted: Wanted) -> tuple[Refusals, Counts]:
        """As filter_rules.refusals on shift, with how many each filter took out (the first entry: nobody)."""
        refused, counts = self.refused[wanted.grade], self.counts[wanted.grade]
        special = self._special(wanted)
        if not special:
            return refused, counts
        refused, counts = refused.copy(), counts.copy()
        for name, positions in special:
            filter = FILTERS.index(name)
            before = refused[positions]
            moved = positions[(before < 0) | (before > filter)]
            np.subtract.at(counts, refused[moved] + 1, 1)
            counts[filter + 1] += len(moved)
            refused[moved] = filter
        return refused, counts

    def full(self, grade: Grade) -> Counts:
        """Positions of those whom the load alone keeps from a lead of the grade."""
        return np.flatnonzero(self.refused[grade] == FILTERS.index("load"))

    def by_name(self, place: Place, positions: Counts) -> Column:
        """The region without coordinates (LD3.4)."""
        city = self.city[positions] == self._cities.get(place.city, -1)
        province = self.province[positions] == self._provinces.get(place.province, -1)
        return rules.region_by_name(city & bool(place.city), province & bool(place.province))

    def _special(self, wanted: Wanted) -> list[tuple[str, Counts]]:
        """Who is refused by what only this lead asks: its industry, and who had it before."""
        barred = [at for at in map(self.reps.find, sorted(wanted.barred)) if at is not None]
        pairs = [("industry", self._closed(wanted.industry)), ("previous_owner", np.array(barred, dtype=np.int64))]
        return [(name, positions) for name, positions in pairs if len(positions)]

    def _closed(self, industry: str) -> Counts:
        if not industry or not len(self.reps.limited):
            return np.zeros(0, dtype=np.int64)
        if industry not in self._closed_to:
            if len(self._closed_to) >= _INDUSTRIES:
                self._closed_to.clear()
            self._closed_to[industry] = np.flatnonzero(~allows(self.reps, self.reps.industries, industry))
        return self._closed_to[industry]

    def _fill(self) -> None:
        everybody = np.arange(len(self.reps))
        self._write(everybody, self.reps)
        self._count(everybody, +1)

    def _write(self, positions: Counts, reps: Reps) -> None:
        conv = rules.conversion(
            reps.won.astype(float), reps.closed.astype(float), reps.team_rate, self.policy.conversion_prior
        )
        self.conversion_n[positions] = rules.normalised_conversion(conv, reps.team_rate)
        self.newcomers[positions] = newcomers(reps, self._circumstances, self.policy)
        loaded = self._write_loads(positions, reps)
        for grade in Grade:
            wanted = Wanted("", grade, "", _ANYWHERE)
            self.refused[grade][positions] = refusals(reps, loaded, wanted, self._circumstances, self.policy)
            self._eligible[grade][positions] = eligible(reps, grade)

    def _write_loads(self, positions: Counts, reps: Reps) -> Loads:
        loaded = loads(reps, self.policy)
        self.loads.weighted[positions] = loaded.weighted
        self.loads.baseline[positions] = loaded.baseline
        self.loads.load[positions] = loaded.load
        for key, column in self._without_region.items():
            column[positions] = _parts(loaded.load, self.conversion_n[positions], *key)
        return loaded

    def _count(self, positions: Counts, sign: int) -> None:
        """Into the sums over everybody, or out of them."""
        capped = rules.hundredths(self.loads.load[positions])
        for grade in Grade:
            refused = self.refused[grade][positions] + 1
            self.counts[grade] += sign * np.bincount(refused, minlength=len(FILTERS) + 1)
            counted = self._eligible[grade][positions]
            total, count = self._hundredths[grade]
            self._hundredths[grade] = total + sign * int(capped[counted].sum()), count + sign * int(counted.sum())


def _parts(load: Column, conversion_n: Column, w_load: float, w_conversion: float) -> Column:
    return w_load * (1 - np.minimum(load, 1)) + w_conversion * conversion_n


def _coded(names: Names) -> tuple[dict[str, int], NDArray[np.int32]]:
    """Numbers for names, which compare faster."""
    codes: dict[str, int] = {}
    return codes, np.array([codes.setdefault(str(each), len(codes)) for each in names], dtype=np.int32)
