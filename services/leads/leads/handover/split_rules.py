"""Who takes over what: the assignment formula with a cap of 1.5, for a whole package (LD10.1, LD3.1–LD3.4).

    score = w_load·(1 − min(load', 1)) + w_conv·conv_n + w_region·region
    load' = (Σ weight(open lead) + Σ weight(customer given here)) / (baseline + fair share of the package)

Customers weigh nothing in LD3.2, so by load alone one good rep would inherit a thousand of them. Here each weighs like
a lead of its grade, and the yardstick grows by the fair share: who got as much of the package as is due stands as
before. The cap is judged on LD3.2's load alone, with the leads that come along. A customer and its open leads stay
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from leads.assignment import rules
from leads.assignment.filter_rules import allows, loads
from leads.assignment.input_rules import Counts, Reps
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.rules import Column, Mask, Place
from leads.lead.rules import Grade

NOISE = 1e-9


@dataclass(frozen=True)
class Bundle:
    """A customer with its open leads, or a lead alone. `opens`: grades of the leads that come along.

    `customer`: its grade when there is one; it counts for the share of the package only.
    """

    key: str
    grade: Grade
    industry: str
    place: Place
    opens: tuple[Grade, ...]
    customer: Grade | None


@dataclass(frozen=True)
class Choice:
    """Who takes it, and the parts of the score, as people are shown them."""

    employee_id: str
    parts: dict[str, float]


class Split:
    """Bundles given one after the other; each counts for those after it.

    `given`: weight of the customers that each employee got of this package before. `dropped`: who gets nothing.
    """

    def __init__(
        self,
        reps: Reps,
        giver: tuple[str, str],
        package_weight: float,
        policy: AssignmentPolicy,
        *,
        cap: float,
        same_team_first: bool,
        given: Mapping[str, float] | None = None,
        dropped: frozenset[str] = frozenset(),
    ) -> None:
        self._reps, self._policy, self._cap = reps, policy, cap
        loaded = loads(reps, policy)
        self._weighted, self._baseline = loaded.weighted.copy(), loaded.baseline
        self._given = np.array([(given or {}).get(str(each), 0.0) for each in reps.employee_id])
        self._may = _may_take(reps, giver[0], dropped)
        won, closed = reps.won.astype(float), reps.closed.astype(float)
        conv = rules.conversion(won, closed, reps.team_rate, policy.conversion_prior)
        self._conv_n = rules.normalised_conversion(conv, reps.team_rate)
        levels = _levels(reps, giver[1]) if same_team_first else [np.ones(len(reps), dtype=bool)]
        self._levels = [(level, package_weight / max(int((self._may & level).sum()), 1)) for level in levels]

    def give(self, bundle: Bundle) -> Choice | None:
        """The best of the nearest level of the organisation where somebody may take it; None when nobody may."""
        free = self._may & self._takes(bundle)
        for level, share in self._levels:
            at = self._best(np.flatnonzero(free & level), bundle, share)
            if at is not None:
                return self._take(at, bundle, share)
        return None

    def give_to(self, employee_id: str, bundle: Bundle, *, by_hand: bool = False) -> Choice | None:
        """To whom it was planned for, while that rep may take it. A manager's choice knows no cap and no filter."""
        at = self._reps.find(employee_id)
        if at is None or (not by_hand and not (self._may & self._takes(bundle))[at]):
            return None
        share = next((share for level, share in self._levels if level[at]), self._levels[-1][1])
        return self._take(at, bundle, share)

    def _takes(self, bundle: Bundle) -> Mask:
        reps, policy = self._reps, self._policy
        more = sum(policy.grade_weights[each] for each in bundle.opens)
        room = rules.load(self._weighted + more, self._baseline) <= self._cap + NOISE
        allowed = allows(reps, reps.grades, bundle.grade)
        return room & allowed & (allows(reps, reps.industries, bundle.industry) if bundle.industry else room)

    def _best(self, free: Counts, bundle: Bundle, share: float) -> int | None:
        if not len(free):
            return None
        score = self._score(free, bundle, share)
        band = free[score >= score.max() - self._policy.tie_band - NOISE]
        last = self._reps.last_assigned[band]
        return int(band[np.lexsort((band, last, self._given[band]))[0]])

    def _score(self, at: Counts, bundle: Bundle, share: float) -> Column:
        weights = rules.weights_for(bundle.grade, False, self._policy)
        return rules.score(self._load(at, share), self._conv_n[at], self._region(at, bundle.place), weights)

    def _load(self, at: Counts, share: float) -> Column:
        """With the part of the package that was given, on the yardstick that grew by the fair share."""
        return rules.load(self._weighted[at] + self._given[at], self._baseline[at] + share)

    def _region(self, at: Counts, place: Place) -> Column:
        reps = self._reps
        city = np.asarray(reps.city[at] == (place.city or None), dtype=bool)
        province = np.asarray(reps.province[at] == (place.province or None), dtype=bool)
        km = rules.distance_km(place, reps.latitude[at], reps.longitude[at])
        return rules.region(km, reps.radius_km[at], city, province, self._policy)

    def _take(self, position: int, bundle: Bundle, share: float) -> Choice:
        at = np.array([position])
        parts = {
            "score": float(self._score(at, bundle, share)[0]),
            "load": float(rules.load(self._weighted[at], self._baseline[at])[0]),
            "package_load": float(self._load(at, share)[0]),
            "conversion": round(float(self._conv_n[position]), rules.DECIMALS),
            "region": round(float(self._region(at, bundle.place)[0]), rules.DECIMALS),
        }
        self._weighted[position] += sum(self._policy.grade_weights[each] for each in bundle.opens)
        self._given[position] += customer_weight(bundle, self._policy)
        return Choice(str(self._reps.employee_id[position]), parts)


def customer_weight(bundle: Bundle, policy: AssignmentPolicy) -> float:
    return policy.grade_weights[bundle.customer] if bundle.customer else 0.0


def weight(bundle: Bundle, policy: AssignmentPolicy) -> float:
    """Of the customer and of the leads that come along."""
    return customer_weight(bundle, policy) + sum(policy.grade_weights[each] for each in bundle.opens)


def _may_take(reps: Reps, giver: str, dropped: frozenset[str]) -> Mask:
    """Active reps who are not paused; verified is who the directory says so, which is asked before anything moves."""
    active = np.asarray(reps.status == "active", dtype=bool)
    out = np.isin(reps.employee_id, [giver, *dropped])
    return np.asarray(reps.is_rep & active & ~reps.paused & ~out, dtype=bool)


def _levels(reps: Reps, unit: str) -> list[Mask]:
    """The giver's unit, the one above it, and so on up to everybody."""
    units = [str(each) for each in reps.unit]
    near = [np.array([each.startswith(path) for each in units], dtype=bool) for path in paths_up(unit)]
    return [*near, np.ones(len(reps), dtype=bool)]


def paths_up(unit: str) -> Iterator[str]:
    """ "/HQ/EAST/HZ1/" → itself, "/HQ/EAST/", "/HQ/"."""
    names = [each for each in unit.split("/") if each]
    for depth in range(len(names), 0, -1):
        yield "/" + "/".join(names[:depth]) + "/"


def is_below(cap: float, weighted: float, baseline: float) -> bool:
    """Whether a load is within the cap (LD10.1)."""
    return float(rules.load(np.array([weighted]), np.array([baseline]))[0]) <= cap + NOISE
