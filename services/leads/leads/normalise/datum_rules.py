"""Chinese map coordinates to WGS-84 (LD1.2). GCJ-02 is the state's shifted datum, BD-09 Baidu's shift on top of it.

The shift has no closed inverse; a few rounds bring it to about a centimetre. Outside mainland China GCJ-02 is WGS-84.
"""

from __future__ import annotations

from math import atan2, cos, hypot, pi, sin, sqrt

from leads.lead.rules import Position

_SEMI_MAJOR = 6378245.0  # Krasovsky 1940, metres
_ECCENTRICITY_SQ = 0.00669342162296594323
_BD_PI = pi * 3000.0 / 180.0
_ROUNDS = 8


def to_wgs84(position: Position, datum: str) -> Position:
    """`datum`: wgs84, gcj02 or bd09. Raises ValueError for another one: a datum is never guessed."""
    match datum:
        case "wgs84":
            return position
        case "gcj02":
            return _gcj_to_wgs(position)
        case "bd09":
            return _gcj_to_wgs(_bd_to_gcj(position))
        case _:
            raise ValueError(f"unknown datum {datum}")


def to_gcj02(position: Position) -> Position:
    """The shift as maps in China apply it to a WGS-84 position."""
    if not _in_china(position):
        return position
    lat, lon = position.latitude, position.longitude
    d_lat, d_lon = _d_lat(lon - 105.0, lat - 35.0), _d_lon(lon - 105.0, lat - 35.0)
    radians = lat / 180.0 * pi
    magic = 1 - _ECCENTRICITY_SQ * sin(radians) ** 2
    meridian = _SEMI_MAJOR * (1 - _ECCENTRICITY_SQ) / (magic * sqrt(magic))
    return Position(
        lat + d_lat * 180.0 / (meridian * pi),
        lon + d_lon * 180.0 / (_SEMI_MAJOR / sqrt(magic) * cos(radians) * pi),
    )


def to_bd09(position: Position) -> Position:
    """Baidu's shift, from GCJ-02."""
    lat, lon = position.latitude, position.longitude
    distance = hypot(lon, lat) + 0.00002 * sin(lat * _BD_PI)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_PI)
    return Position(distance * sin(angle) + 0.006, distance * cos(angle) + 0.0065)


def _gcj_to_wgs(position: Position) -> Position:
    if not _in_china(position):
        return position
    found = position
    for _ in range(_ROUNDS):
        shifted = to_gcj02(found)
        found = Position(
            found.latitude + position.latitude - shifted.latitude,
            found.longitude + position.longitude - shifted.longitude,
        )
    return found


def _bd_to_gcj(position: Position) -> Position:
    found = Position(position.latitude - 0.006, position.longitude - 0.0065)
    for _ in range(_ROUNDS):
        shifted = to_bd09(found)
        found = Position(
            found.latitude + position.latitude - shifted.latitude,
            found.longitude + position.longitude - shifted.longitude,
        )
    return found


def _in_china(position: Position) -> bool:
    return 0.8293 <= position.latitude <= 55.8271 and 72.004 <= position.longitude <= 137.8347


def _waves(x: float) -> float:
    return (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0


def _d_lat(x: float, y: float) -> float:
    d = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + _waves(x)
    d += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    return d + (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0


def _d_lon(x: float, y: float) -> float:
    d = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + _waves(x)
    d += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    return d + (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
