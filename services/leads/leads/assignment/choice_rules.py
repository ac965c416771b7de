"""Who gets a lead: the order of decision (LD3.6) and the fair turn inside the band (LD3.7).

hard filters → newcomer quota → score → all within 0.02 of the best → the one owed most → least recently assigned → id.
The best five are then probed by the use case; who is refused drops out and the order is made anew for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment import rules
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.assignment.rules import Column, Mask, Place
from leads.lead.rules import Grade

Names = NDArray[np.object_]
Counts = NDArray[np.int64]

INACTIVE = frozenset({"frozen", "disabled", "departed"})
NOISE = 1e-9


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


@dataclass(frozen=True)
class Contest:
    """All reps measured for one lead. `refused_by` is the position of the first filter in FILTERS, −1 for none."""

    reps: Reps
    wanted: Wanted
    circumstances: Circumstances
    policy: AssignmentPolicy
    weighted: Column
    baseline: Column
    load: Column
    conversion: Column
    conversion_n: Column
    region: Column
    score: Column
    weights: Weights
    mean_load: float
    high_load: bool
    newcomer_quota: bool
    refused_by: Counts
    filtered: dict[str, int] = field(default_factory=dict)

    @property
    def candidates(self) -> Mask:
        return self.refused_by < 0

    @property
    def claim(self) -> Column:
        """What a rep is owed beyond what was received."""
        grade = self.wanted.grade
        return np.round(self.reps.owed[grade] - self.reps.received[grade], 9)


FILTERS = (
    "not_a_rep",
    "inactive",
    "paused",
    "off_shift",
    "on_leave",
    "grade",
    "industry",
    "previous_owner",
    "load",
    "a_today",
    "not_a_newcomer",
)


def contest(reps: Reps, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy) -> Contest:
    """Measure every rep and say which filter refuses whom."""
    weighted, baseline, load = loads(reps, policy)
    conv = rules.conversion(reps.won.astype(float), reps.closed.astype(float), reps.team_rate, policy.conversion_prior)
    conv_n = rules.normalised_conversion(conv, reps.team_rate)
    region = _region(reps, wanted.place, policy)
    passes = _passes(reps, wanted, circumstances, policy, weighted, baseline, load)
    mean = rules.mean_load(load, passes["not_a_rep"] & _is(reps.status, "active") & passes["grade"])
    high = rules.is_high_load(mean, circumstances.high_load_before, policy)
    weights = rules.weights_for(wanted.grade, high, policy)
    newcomers = _newcomers(reps, circumstances, policy)
    quota = _quota_is_due(wanted.grade, circumstances, policy) and bool((_all(passes) & newcomers).any())
    passes["not_a_newcomer"] = newcomers if quota else np.ones(len(reps), dtype=bool)
    refused_by, filtered = _first_refusals(passes)
    return Contest(
        reps=reps,
        wanted=wanted,
        circumstances=circumstances,
        policy=policy,
        weighted=weighted,
        baseline=baseline,
        load=load,
        conversion=conv,
        conversion_n=conv_n,
        region=region,
        score=rules.score(load, conv_n, region, weights),
        weights=weights,
        mean_load=mean,
        high_load=high,
        newcomer_quota=quota,
        refused_by=refused_by,
        filtered=filtered,
    )


def loads(reps: Reps, policy: AssignmentPolicy) -> tuple[Column, Column, Column]:
    """Weighted open leads, baseline and load of each rep (LD3.2)."""
    baseline = _baselines(reps, policy)
    weighted = rules.weighted_load(
        reps.open_a.astype(float), reps.open_b.astype(float), reps.open_c.astype(float), policy
    )
    return weighted, baseline, rules.load(weighted, baseline)


def standing(contest: Contest, dropped: Mask, most: int | None = None) -> list[int]:
    """Candidates in the order of decision, without those the probe `dropped`; positions in the columns.

    `most` cuts the list.
    """
    left = np.flatnonzero(contest.candidates & ~dropped)
    if not len(left):
        return []
    score = contest.score[left]
    in_band = score >= score.max() - contest.policy.tie_band - NOISE
    order = np.lexsort(
        (
            np.where(in_band, contest.reps.last_assigned[left], 0),
            np.where(in_band, -contest.claim[left], -score),
            ~in_band,
        )
    )
    found: list[int] = left[order[:most]].tolist()
    return found


def fair_band(contest: Contest, dropped: Mask) -> NDArray[np.int64]:
    """The n candidates within 0.10 of the best: each is owed 1/n of this lead (LD3.7)."""
    left = np.flatnonzero(contest.candidates & ~dropped)
    if not len(left):
        return left
    score = contest.score[left]
    return np.asarray(left[score >= score.max() - contest.policy.fairness_band - NOISE], dtype=np.int64)


def drift(owed: float, received: float, policy: AssignmentPolicy) -> float | None:
    """|received − owed| / owed, None below 5 owed, where chance still rules (LD3.7)."""
    return abs(received - owed) / owed if owed >= policy.fairness_from_owed else None


def has_room(weighted: float, baseline: float, grade: Grade, policy: AssignmentPolicy) -> bool:
    """load < 1, and the lead still fits under the baseline: nobody is ever above it (LD3.6, LD3.9)."""
    load = float(rules.load(np.array([weighted]), np.array([baseline]))[0])
    return load < 1 and weighted + policy.grade_weights[grade] <= baseline + NOISE


def is_in_turn_with(contest: Contest, dropped: Mask, at: int, weighted: float, baseline: float) -> bool:
    """Whether the candidate at `at` would still share the turn (LD3.7) with another load; the others as they were."""
    load = float(rules.load(np.array([weighted]), np.array([baseline]))[0])
    score = contest.score[at] - contest.weights.load * (min(load, 1.0) - min(float(contest.load[at]), 1.0))
    others = contest.candidates & ~dropped
    others[at] = False
    return not others.any() or bool(score >= contest.score[others].max() - contest.policy.fairness_band - NOISE)


def _passes(
    reps: Reps,
    wanted: Wanted,
    circumstances: Circumstances,
    policy: AssignmentPolicy,
    weighted: Column,
    baseline: Column,
    load: Column,
) -> dict[str, Mask]:
    """The hard filters of LD3.6 in their order: True where the rep passes."""
    everybody = np.ones(len(reps), dtype=bool)
    today = local_date(circumstances.at).toordinal()
    room = (load < 1) & (weighted + policy.grade_weights[wanted.grade] <= baseline + NOISE)
    taken = np.where(reps.a_day == today, reps.a_taken, 0)
    return {
        "not_a_rep": reps.is_rep,
        "inactive": ~np.isin(reps.status, list(INACTIVE)) & ~_is(reps.status, ""),
        "paused": ~reps.paused,
        "off_shift": everybody if circumstances.on_shift else ~everybody,
        "on_leave": ~_is(reps.status, "on_leave"),
        "grade": _allows(reps, reps.grades, wanted.grade),
        "industry": _allows(reps, reps.industries, wanted.industry) if wanted.industry else everybody,
        "previous_owner": ~np.isin(reps.employee_id, list(wanted.barred)),
        "load": room,
        "a_today": taken < policy.a_leads_per_day if wanted.grade is Grade.A else everybody,
    }


def _all(passes: dict[str, Mask]) -> Mask:
    return np.asarray(np.logical_and.reduce(list(passes.values())), dtype=bool)


def _first_refusals(passes: dict[str, Mask]) -> tuple[Counts, dict[str, int]]:
    """Each rep counts under the first filter that takes it out."""
    refused_by = np.full(len(passes["load"]), -1, dtype=np.int64)
    filtered: dict[str, int] = {}
    for at, name in enumerate(FILTERS):
        new = (refused_by < 0) & ~passes[name]
        refused_by[new] = at
        if new.any():
            filtered[name] = int(new.sum())
    return refused_by, filtered


def _newcomers(reps: Reps, circumstances: Circumstances, policy: AssignmentPolicy) -> Mask:
    """Tenure below 90 days."""
    first_day = local_date(circumstances.at).toordinal() - policy.newcomer_days
    return reps.hired_on > first_day


def _quota_is_due(grade: Grade, circumstances: Circumstances, policy: AssignmentPolicy) -> bool:
    """≥ 10 A leads in 7 days and newcomers got < 10 % of them; it concerns A leads, which the quota counts."""
    given = circumstances.a_given
    enough = given >= policy.newcomer_from_leads
    return grade is Grade.A and enough and circumstances.a_to_newcomers < policy.newcomer_quota * given


def _baselines(reps: Reps, policy: AssignmentPolicy) -> Column:
    of_post = np.full(len(reps), policy.baseline)
    for position, baseline in policy.baseline_by_position.items():
        of_post[_is(reps.position, position)] = baseline
    return np.where(reps.baseline > 0, reps.baseline, of_post)


def _region(reps: Reps, place: Place, policy: AssignmentPolicy) -> Column:
    same_city = _is(reps.city, place.city) if place.city else np.zeros(len(reps), dtype=bool)
    same_province = _is(reps.province, place.province) if place.province else np.zeros(len(reps), dtype=bool)
    return rules.region(place, reps.latitude, reps.longitude, reps.radius_km, same_city, same_province, policy)


def _is(column: Names, value: str) -> Mask:
    return np.asarray(column == value, dtype=bool)


def _allows(reps: Reps, column: Names, value: str) -> Mask:
    allowed = np.ones(len(reps), dtype=bool)
    allowed[reps.limited] = [not each or value in each for each in column[reps.limited]]
    return allowed
