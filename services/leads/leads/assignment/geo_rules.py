"""Geodesic distance on WGS-84 from one point to many (Vincenty 1975, inverse).

geopy measures one pair at a time, too slow for 10,000 reps; this takes columns. A test holds the two together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_A = 6378.137  # km, WGS-84
_F = 1 / 298.257223563
_B = (1 - _F) * _A
_ROUNDS = 30

Column = NDArray[np.float64]


def geodesic_km(latitude: float, longitude: float, latitudes: Column, longitudes: Column) -> Column:
    """Kilometres from a point to each point of the columns (degrees); NaN where those hold NaN.

    Right to a millimetre up to 19,000 km; beyond, near the opposite side of the earth, the last round's value.
    """
    reduced_1 = np.arctan((1 - _F) * np.tan(np.radians(latitude)))
    reduced_2 = np.arctan((1 - _F) * np.tan(np.radians(latitudes)))
    sin_1, cos_1, sin_2, cos_2 = np.sin(reduced_1), np.cos(reduced_1), np.sin(reduced_2), np.cos(reduced_2)
    apart = np.radians((longitudes - longitude + 180) % 360 - 180)
    turn = apart
    for _ in range(_ROUNDS):
        arc = _arc(turn, sin_1, cos_1, sin_2, cos_2)
        sin_sigma, cos_sigma, sigma, cos_sq_alpha, sin_alpha, cos_2m = arc
        c = _F / 16 * cos_sq_alpha * (4 + _F * (4 - 3 * cos_sq_alpha))
        inner = cos_2m + c * cos_sigma * (2 * cos_2m**2 - 1)
        before, turn = turn, apart + (1 - c) * _F * sin_alpha * (sigma + c * sin_sigma * inner)
        if not np.any(np.abs(turn - before) > 1e-12):
            break
    return _length(_arc(turn, sin_1, cos_1, sin_2, cos_2))


# The geodesic differs from the great circle of the mean radius by less than 0.57 %.
_MEAN_RADIUS = 6371.0088
_FLATTENING_SLACK = 0.006


def unit_vectors(latitudes: Column, longitudes: Column) -> NDArray[np.float64]:
    """One row x, y, z per point; NaN where those hold NaN."""
    latitude, longitude = np.radians(latitudes), np.radians(longitudes)
    across = np.cos(latitude)
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1)


def bounds_km(cosines: Column) -> tuple[Column, Column]:
    """Between which lengths the geodesic lies, from the cosine of the angle between the unit vectors."""
    km = np.arccos(np.clip(cosines, -1, 1)) * _MEAN_RADIUS
    return km * (1 - _FLATTENING_SLACK) - 0.001, km * (1 + _FLATTENING_SLACK) + 0.001


def least_cosine(distance_km: Column) -> Column:
    """Points whose vectors have a smaller cosine are surely farther away than this."""
    return np.cos(np.minimum((distance_km + 0.001) / (1 - _FLATTENING_SLACK) / _MEAN_RADIUS, np.pi))


Arc = tuple[Column, Column, Column, Column, Column, Column]


def _arc(turn: Column, sin_1: float, cos_1: float, sin_2: Column, cos_2: Column) -> Arc:
    """sin σ, cos σ, σ, cos² α, sin α, cos 2σm of Vincenty's formula."""
    sin_turn, cos_turn, sines, cosines = np.sin(turn), np.cos(turn), sin_1 * sin_2, cos_1 * cos_2
    sin_sigma = np.hypot(cos_2 * sin_turn, cos_1 * sin_2 - sin_1 * cos_2 * cos_turn)
    cos_sigma = sines + cosines * cos_turn
    same = sin_sigma == 0
    sin_alpha = np.where(same, 0, cosines * sin_turn / np.where(same, 1, sin_sigma))
    cos_sq_alpha = 1 - sin_alpha**2
    level = cos_sq_alpha < 1e-15  # along the equator
    cos_2m = np.where(level, 0, cos_sigma - 2 * sines / np.where(level, 1, cos_sq_alpha))
    return sin_sigma, cos_sigma, np.arctan2(sin_sigma, cos_sigma), cos_sq_alpha, sin_alpha, cos_2m


def _length(arc: Arc) -> Column:
    sin_sigma, cos_sigma, sigma, cos_sq_alpha, _, cos_2m = arc
    u_sq = cos_sq_alpha * (_A**2 - _B**2) / _B**2
    a = 1 + u_sq / 16384 * (4096 + u_sq * (-768 + u_sq * (320 - 175 * u_sq)))
    b = u_sq / 1024 * (256 + u_sq * (-128 + u_sq * (74 - 47 * u_sq)))
    third = b / 6 * cos_2m * (4 * sin_sigma**2 - 3) * (4 * cos_2m**2 - 3)
    delta = b * sin_sigma * (cos_2m + b / 4 * (cos_sigma * (2 * cos_2m**2 - 1) - third))
    return _B * a * (sigma - delta)
