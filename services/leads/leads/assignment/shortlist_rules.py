"""The few who can get a lead, found without measuring the whole company (LD3.10, LD3.12).

Guarantee: winner, fair band, counts and weights are those that choice_rules.py finds among all reps; the shortlist
holds the candidates at the top of the order of decision, as many as are probed at first or kept with the decision. Who
is far is bounded by the great circle and ruled out; only who may matter is measured on the ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leads.assignment import rules
from leads.assignment.choice_rules import Contest, measure
from leads.assignment.filter_rules import FILTERS, NOBODY, NOISE, Loads, Refusals, Survey, mode, quota_is_due
from leads.assignment.geo_rules import bounds_km, unit_vectors
from leads.assignment.input_rules import Circumstances, Counts, Wanted
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.assignment.rules import Column, Mask, Place
from leads.assignment.sheet_rules import Sheet

# Scores are rounded to a millionth: bounds of unrounded ones are taken this much wider.
_ROUNDING = 2e-6
_NOBODY: Counts = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class _Field:
    """Candidates by position, ascending, with what bounds their regions and scores."""

    at: Counts
    region: Column
    low: Column
    high: Column
    # Whose region is known exactly.
    sure: Mask

    def among(self, left: Mask) -> _Field:
        return _Field(self.at[left], self.region[left], self.low[left], self.high[left], self.sure[left])


def shortlist(sheet: Sheet, wanted: Wanted, circumstances: Circumstances, dropped: Counts = _NOBODY) -> Contest:
    """`sheet` is of the day of `circumstances`. `dropped`: positions of those whom the probe refused; the shortlist
    names them where they stand, and the band is that of the rest.
    """
    policy = sheet.policy
    survey = _survey(sheet, wanted, circumstances)
    field = _field(sheet, wanted.place, np.flatnonzero(survey.refused_by == NOBODY), survey.weights)
    top, band = _best(sheet, wanted, field, survey.weights)
    if len(dropped):
        out = np.isin(field.at, dropped)
        left, band = _best(sheet, wanted, field.among(~out), survey.weights)
        top = np.union1d(np.union1d(top, left), field.at[out])
    found = sheet.reps.at(top)
    loads = Loads(sheet.loads.weighted[top], sheet.loads.baseline[top], sheet.loads.load[top])
    listed = replace(survey, refused_by=survey.refused_by[top])
    contest = measure(found, loads, wanted, circumstances, policy, listed)
    return replace(contest, band=sheet.reps.number[band])


def _survey(sheet: Sheet, wanted: Wanted, circumstances: Circumstances) -> Survey:
    """What filter_rules.survey says, from the sheet's sums."""
    refused, counts = sheet.refusals(wanted) if circumstances.on_shift else _off_shift(sheet, wanted)
    quota = quota_is_due(wanted.grade, circumstances, sheet.policy)
    if quota:
        free = refused == NOBODY
        quota = bool((free & sheet.newcomers).any())
    if quota:
        back = free & ~sheet.newcomers
        refused = np.where(back, np.int8(FILTERS.index("not_a_newcomer")), refused)
        counts = np.append(counts[:-1], back.sum())
    mean = sheet.mean_load(wanted.grade)
    filtered = {name: int(count) for name, count in zip(FILTERS, counts[1:], strict=True) if count}
    return Survey(refused, mean, *mode(wanted.grade, mean, circumstances, sheet.policy), quota, filtered)


def _off_shift(sheet: Sheet, wanted: Wanted) -> tuple[Refusals, Counts]:
    """Everybody whom no filter before the shift refuses."""
    filter = FILTERS.index("off_shift")
    refused, counts = sheet.refused[wanted.grade], sheet.counts[wanted.grade].copy()
    counts[filter + 1], counts[0], counts[filter + 2 :] = counts[0] + counts[filter + 1 :].sum(), 0, 0
    return np.where((refused < 0) | (refused > filter), np.int8(filter), refused), counts


def _field(sheet: Sheet, place: Place, at: Counts, weights: Weights) -> _Field:
    """Regions of candidates who are far or have no centre are exact; the others' are bounded by the great circle."""
    low = np.zeros(len(at))
    high, sure = low.copy(), np.ones(len(at), dtype=bool)
    if place.position is None:
        low = high = sheet.by_name(place, at)
    else:
        nameless = np.flatnonzero(np.isin(at, sheet.without_centre)) if len(sheet.without_centre) else at[:0]
        low[nameless] = high[nameless] = sheet.by_name(place, at[nameless])
        point = unit_vectors(np.array([place.position.latitude]), np.array([place.position.longitude]))[0]
        cosines = sheet.vectors @ point
        near = np.flatnonzero((cosines >= sheet.least_cosine)[at])
        least, most = bounds_km(cosines[at[near]])
        radius = sheet.reps.radius_km[at[near]]
        low[near] = rules.region_by_distance(most, radius, sheet.policy)
        high[near] = rules.region_by_distance(least, radius, sheet.policy)
        sure = low == high
    parts = sheet.without_region(weights)[at]
    return _Field(at, low, parts + weights.region * low, parts + weights.region * high, sure)


def _best(sheet: Sheet, wanted: Wanted, field: _Field, weights: Weights) -> tuple[Counts, Counts]:
    """Positions of the first in the order of decision and of the fair band, each ascending."""
    policy = sheet.policy
    if not len(field.at):
        return field.at, field.at
    most = max(policy.kept_candidates, policy.probe_batch)
    matters, doubtful = _who_matters(field, most, policy)
    region = field.region.copy()
    # Whoever is left out is surely in the fair band or surely not: the lower bound tells which.
    inexact = np.flatnonzero((matters | doubtful) & ~field.sure)
    region[inexact] = _measured(sheet, wanted.place, field.at[inexact])
    score = rules.score(sheet.loads.load[field.at], sheet.conversion_n[field.at], region, weights)
    band = score >= score[matters].max() - policy.fairness_band - NOISE
    return _top(sheet, wanted, field.at, score, matters, most), field.at[band]


def _who_matters(field: _Field, most: int, policy: AssignmentPolicy) -> tuple[Mask, Mask]:
    """Who may be among the first of the order; and of whom it is not sure on which side of the fair band's edge."""
    last = np.partition(field.low, -most)[-most] if len(field.low) > most else -np.inf
    matters = field.high >= min(field.low.max() - policy.tie_band, last) - _ROUNDING
    lowest, highest = field.low.max() - policy.fairness_band, field.high.max() - policy.fairness_band
    edge = (field.high >= lowest - _ROUNDING) & (field.low <= highest + _ROUNDING)
    return matters, edge


def _measured(sheet: Sheet, place: Place, at: Counts) -> Column:
    if place.position is None or not len(at):
        return np.zeros(len(at))
    reps = sheet.reps
    km = rules.distance_km(place, reps.latitude[at], reps.longitude[at])
    return rules.region_by_distance(km, reps.radius_km[at], sheet.policy)


def _top(sheet: Sheet, wanted: Wanted, at: Counts, score: Column, matters: Mask, most: int) -> Counts:
    """The first of the order of decision, and the two best by score, by whom bands are measured."""
    left = np.flatnonzero(matters)
    in_band = left[score[left] >= score[left].max() - sheet.policy.tie_band - NOISE]
    reps, grade = sheet.reps, wanted.grade
    claim = np.round(reps.owed[grade][at[in_band]] - reps.received[grade][at[in_band]], 9)
    first = in_band[np.lexsort((reps.last_assigned[at[in_band]], -claim))[:most]]
    by_score = left[np.argsort(-score[left], kind="stable")[:most]]
    chosen = np.union1d(first, by_score if len(in_band) < most else by_score[:2])
    return np.asarray(at[chosen], dtype=np.int64)
