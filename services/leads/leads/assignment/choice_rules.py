"""Who gets a lead: the order of decision (LD3.6) and the fair turn inside the band (LD3.7).

hard filters → newcomer quota → score → all within 0.02 of the best → the one owed most → least recently assigned → id.
The best five are then probed by the use case; who is refused drops out and the order is made anew for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.assignment import rules
from leads.assignment.filter_rules import NOBODY, NOISE, Loads, Survey, loads, survey
from leads.assignment.input_rules import Circumstances, Counts, Names, Reps, Wanted
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.rules import Column, Mask, Place
from leads.lead.rules import Grade


@dataclass(frozen=True)
class Contest:
    """Reps measured for one lead: all, or a shortlist that holds everybody who can matter (shortlist_rules.py).

    `survey` speaks of all reps in either case, but for its `refused_by`. `band`: the numbers of those within the fair
    band, who are not all on a shortlist; None when `reps` are all, among whom `fair_band` finds them.
    """

    reps: Reps
    wanted: Wanted
    circumstances: Circumstances
    policy: AssignmentPolicy
    survey: Survey
    weighted: Column
    baseline: Column
    load: Column
    conversion: Column
    conversion_n: Column
    # NaN without coordinates on either side.
    distance_km: Column
    region: Column
    score: Column
    band: Counts | None = None

    @property
    def candidates(self) -> Mask:
        return np.asarray(self.survey.refused_by == NOBODY, dtype=bool)

    @property
    def claim(self) -> Column:
        """What a rep is owed beyond what was received."""
        grade = self.wanted.grade
        return np.round(self.reps.owed[grade] - self.reps.received[grade], 9)


def contest(reps: Reps, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy) -> Contest:
    """Measure every rep and say which filter refuses whom."""
    loaded = loads(reps, policy)
    return measure(reps, loaded, wanted, circumstances, policy, survey(reps, loaded, wanted, circumstances, policy))


def measure(
    reps: Reps, loaded: Loads, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy, found: Survey
) -> Contest:
    """The parts of the score (LD3.1) of each rep."""
    conv = rules.conversion(reps.won.astype(float), reps.closed.astype(float), reps.team_rate, policy.conversion_prior)
    conv_n = rules.normalised_conversion(conv, reps.team_rate)
    km = rules.distance_km(wanted.place, reps.latitude, reps.longitude)
    region = rules.region(km, reps.radius_km, *_by_name(reps, wanted.place), policy)
    return Contest(
        reps=reps,
        wanted=wanted,
        circumstances=circumstances,
        policy=policy,
        survey=found,
        weighted=loaded.weighted,
        baseline=loaded.baseline,
        load=loaded.load,
        conversion=conv,
        conversion_n=conv_n,
        distance_km=km,
        region=region,
        score=rules.score(loaded.load, conv_n, region, found.weights),
    )


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
    score = contest.score[at] - contest.survey.weights.load * (min(load, 1.0) - min(float(contest.load[at]), 1.0))
    others = contest.candidates & ~dropped
    others[at] = False
    return not others.any() or bool(score >= contest.score[others].max() - contest.policy.fairness_band - NOISE)


def _by_name(reps: Reps, place: Place) -> tuple[Mask, Mask]:
    """Who is in the lead's city, and in its province."""
    nowhere = np.zeros(len(reps), dtype=bool)
    city = _is(reps.city, place.city) if place.city else nowhere
    return city, _is(reps.province, place.province) if place.province else nowhere


def _is(column: Names, value: str) -> Mask:
    return np.asarray(column == value, dtype=bool)
