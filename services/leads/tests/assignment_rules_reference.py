"""LD3 written down a second time, for one rep at a time and with plain Python numbers: what the columns must equal."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, floor

from geopy.distance import geodesic


@dataclass(frozen=True)
class PlainRep:
    employee_id: str
    status: str
    rep: bool
    open_a: int
    open_b: int
    open_c: int
    a_taken_today: int
    centre: tuple[float, float] | None
    radius_km: float
    city: str
    province: str
    grades: frozenset[str]
    won: int
    closed: int
    team_rate: float
    tenure_days: int
    owed: float
    received: float
    last_assigned: float

    def weighted(self) -> float:
        return round(self.open_a + 0.6 * self.open_b + 0.36 * self.open_c, 2)

    def load(self) -> float:
        return floor(round(self.weighted() / 8 * 100, 6) + 0.5) / 100

    def conv_n(self) -> float:
        conv = (self.won + 10 * self.team_rate) / (self.closed + 10)
        return min(conv / (2 * self.team_rate), 1) if self.team_rate > 0 else 0.5

    def region(self, position: tuple[float, float] | None, city: str, province: str) -> float:
        if position is None or self.centre is None:
            return 1.0 if city and city == self.city else 0.5 if province and province == self.province else 0.0
        excess = max(0.0, geodesic(position, self.centre).km - self.radius_km)
        return 1.0 if excess <= 5 else exp(-(excess - 5) / 20)


def winner(
    reps: list[PlainRep], grade: str, position: tuple[float, float] | None, city: str, province: str, was_high: bool
) -> str | None:
    weight = {"A": 1.0, "B": 0.6, "C": 0.36}[grade]
    known = [
        each for each in reps if each.rep and each.status == "active" and (not each.grades or grade in each.grades)
    ]
    mean = sum(min(each.load(), 1) for each in known) / len(known) if known else 0.0
    high = mean > 0.80 + 1e-9 or (was_high and mean >= 0.75 - 1e-9)
    w_load, w_conv, w_region = (0.60, 0.2333, 0.1667) if high else (0.40, 0.35, 0.25)
    free = [
        each
        for each in known
        if each.load() < 1 and each.weighted() + weight <= 8 + 1e-9 and (grade != "A" or each.a_taken_today < 8)
    ]
    scores = {}
    for each in free:
        near = each.region(position, city, province)
        total = w_load * (1 - min(each.load(), 1)) + w_conv * each.conv_n() + w_region * near
        scores[each.employee_id] = round(total, 6)
    if not scores:
        return None
    best = max(scores.values())
    equals = [each for each in free if scores[each.employee_id] >= best - 0.02 - 1e-9]
    equals.sort(key=lambda each: (-round(each.owed - each.received, 9), each.last_assigned, each.employee_id))
    return equals[0].employee_id
