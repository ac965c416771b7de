"""The assignment formula (LD3.1–LD3.5).

    score = w_load·(1 − min(load, 1)) + w_conv·conv_n + w_region·region

Every function takes numbers or numpy columns of one entry per rep: 10,000 reps are scored in milliseconds by the same
lines that a reader checks. Who may be scored and who wins among the best stands in choice_rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from leads.assignment.geo_rules import geodesic_km
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.lead.rules import Grade, Position

Column = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Scores are compared and shown to a millionth, so that no noise of floating point decides who gets a lead.
DECIMALS = 6
# A part below half a millionth is none: so only reps within some 300 km have to be measured for a lead.
LEAST = 0.5 * 10**-DECIMALS


def weighted_load(open_a: Column, open_b: Column, open_c: Column, policy: AssignmentPolicy) -> Column:
    """Σ weight(open lead), LD3.2. Weights have two decimals, so hundredths are exact."""
    a, b, c = (round(policy.grade_weights[grade] * 100) for grade in Grade)
    return (open_a * a + open_b * b + open_c * c) / 100


def weighted_of(open_a: int, open_b: int, open_c: int, policy: AssignmentPolicy) -> float:
    """As `weighted_load`, of one rep."""
    counts = (np.array([float(each)]) for each in (open_a, open_b, open_c))
    return float(weighted_load(next(counts), next(counts), next(counts), policy)[0])


def load(weighted: Column, baseline: Column) -> Column:
    """Σ weight / baseline, two decimals, half up (LD3.2): 7.36 / 8 → 0.92, 3.28 / 8 → 0.41."""
    return np.floor(np.round(weighted * 100 / baseline, DECIMALS) + 0.5) / 100


def conversion(won: Column, closed: Column, team_rate: Column, prior: float) -> Column:
    """(won + 10·team_rate) / (closed + 10): A leads of 30 days, smoothed to the team; a newcomer starts at its rate."""
    return (won + prior * team_rate) / (closed + prior)


def normalised_conversion(conv: Column, team_rate: Column) -> Column:
    """conv_n = min(conv / (2·team_rate), 1); 0.5 when the team's rate is 0 (LD3.3)."""
    safe = np.where(team_rate > 0, team_rate, 1)
    return np.where(team_rate > 0, np.minimum(conv / (2 * safe), 1), 0.5)


def region_by_distance(distance_km: Column, radius_km: Column, policy: AssignmentPolicy) -> Column:
    """1 when max(0, distance − radius) ≤ 5 km, else exp(−(excess − 5 km) / 20 km) (LD3.4); 0 below `LEAST`."""
    excess = np.maximum(0, distance_km - radius_km)
    value = np.exp(-np.maximum(0, excess - policy.region_near_km) / policy.region_decay_km)
    return np.where(value < LEAST, 0.0, value)


def reach_km(radius_km: Column, policy: AssignmentPolicy) -> Column:
    """From this far on the region counts nothing."""
    return radius_km + policy.region_near_km - policy.region_decay_km * log(LEAST)


def region_by_name(same_city: Mask, same_province: Mask) -> Column:
    """Without coordinates on either side: 1 same city, 0.5 same province, 0 else (LD3.4)."""
    return np.where(same_city, 1.0, np.where(same_province, 0.5, 0.0))


def distance_km(place: Place, latitude: Column, longitude: Column) -> Column:
    """From the lead to the centres of the reps' territories; NaN without coordinates on either side."""
    if place.position is None:
        return np.full(len(latitude), np.nan)
    return geodesic_km(place.position.latitude, place.position.longitude, latitude, longitude)


def region(km: Column, radius_km: Column, city: Mask, province: Mask, policy: AssignmentPolicy) -> Column:
    """The lead's place against the reps' stored territories; by name where the distance is not known (NaN)."""
    return np.where(np.isnan(km), region_by_name(city, province), region_by_distance(km, radius_km, policy))


def score(load: Column, conv_n: Column, region: Column, weights: Weights) -> Column:
    """LD3.1."""
    total = weights.load * (1 - np.minimum(load, 1)) + weights.conversion * conv_n + weights.region * region
    return np.round(total, DECIMALS)


def mean_load(load: Column, counted: Mask) -> float:
    """Mean over the reps eligible for the grade, each capped at 1; 0 when there is none (LD3.5)."""
    return mean_of_hundredths(int(hundredths(load[counted]).sum()), int(counted.sum()))


def hundredths(load: Column) -> NDArray[np.int64]:
    """Loads capped at 1, in hundredths: they have two decimals, so their sum is exact and may be kept up to date."""
    return np.asarray(np.rint(np.minimum(load, 1) * 100), dtype=np.int64)


def mean_of_hundredths(total: int, count: int) -> float:
    return round(total / (100 * count), DECIMALS) if count else 0.0


def is_high_load(mean: float, was_high: bool, policy: AssignmentPolicy) -> bool:
    """Above 0.80 the high-load weights come in; they go again below 0.75 (LD3.5)."""
    return mean > policy.high_load_above or (was_high and mean >= policy.high_load_until)


def weights_for(grade: Grade, high_load: bool, policy: AssignmentPolicy) -> Weights:
    """Weights may differ per grade; under high load all grades share the same."""
    return policy.high_load_weights if high_load else policy.weights_by_grade.get(grade, policy.weights)


@dataclass(frozen=True)
class Place:
    """Where a lead is: WGS-84 position when known, and the names in any case."""

    position: Position | None
    province: str
    city: str
