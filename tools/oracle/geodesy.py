"""Distance on the WGS-84 ellipsoid in kilometres (Vincenty's inverse method, written down anew)."""

from __future__ import annotations

import math
from functools import cache

EQUATOR, FLATTENING = 6378137.0, 1 / 298.257223563


@cache
def kilometres(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Between two points (latitude, longitude) in degrees."""
    if first == second:
        return 0.0
    pole = EQUATOR * (1 - FLATTENING)
    one, two = (math.atan((1 - FLATTENING) * math.tan(math.radians(p[0]))) for p in (first, second))
    difference = math.radians(second[1] - first[1])
    sine_one, cosine_one, sine_two, cosine_two = math.sin(one), math.cos(one), math.sin(two), math.cos(two)
    longitude, before = difference, math.inf
    while abs(longitude - before) > 1e-13:
        across = cosine_two * math.sin(longitude)
        along = cosine_one * sine_two - sine_one * cosine_two * math.cos(longitude)
        sine = math.sqrt(across**2 + along**2)
        cosine = sine_one * sine_two + cosine_one * cosine_two * math.cos(longitude)
        angle = math.atan2(sine, cosine)
        azimuth = cosine_one * cosine_two * math.sin(longitude) / sine
        square = 1 - azimuth**2
        middle = cosine - 2 * sine_one * sine_two / square if square else 0.0
        factor = FLATTENING / 16 * square * (4 + FLATTENING * (4 - 3 * square))
        before = longitude
        bracket = middle + factor * cosine * (2 * middle**2 - 1)
        longitude = difference + (1 - factor) * FLATTENING * azimuth * (angle + factor * sine * bracket)
    u = square * (EQUATOR**2 - pole**2) / pole**2
    big = 1 + u / 16384 * (4096 + u * (u * (320 - 175 * u) - 768))
    small = u / 1024 * (256 + u * (u * (74 - 47 * u) - 128))
    inner = cosine * (2 * middle**2 - 1) - small / 6 * middle * (4 * sine**2 - 3) * (4 * middle**2 - 3)
    correction = small * sine * (middle + small / 4 * inner)
    return pole * big * (angle - correction) / 1000
