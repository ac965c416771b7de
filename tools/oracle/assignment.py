"""The assignment formula replayed lead by lead (LD3.1–LD3.7): who must get each lead, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tools.oracle.geodesy import kilometres
from tools.oracle.leads import Taken

WEIGHTS = {"load": 0.40, "conversion": 0.35, "region": 0.25}
CROWDED_WEIGHTS = {"load": 0.60, "conversion": 0.2333, "region": 0.1667}
GRADE_WEIGHT = {"A": 1.00, "B": 0.60, "C": 0.36}
BASELINE = 8.0
A_PER_DAY = 8
TIE, FAIR = 0.02, 0.10
TINY = 1e-9


@dataclass
class Rep:
    employee_id: str
    name: str
    team: str
    status: str
    hired_on: date
    profile: dict[str, Any]
    won: int = 0
    closed: int = 0
    open: dict[str, int] = field(default_factory=lambda: {"A": 0, "B": 0, "C": 0})
    a_today: int = 0
    last: int = -1
    owed: dict[str, float] = field(default_factory=lambda: {"A": 0.0, "B": 0.0, "C": 0.0})
    received: dict[str, float] = field(default_factory=lambda: {"A": 0.0, "B": 0.0, "C": 0.0})

    @property
    def weighted(self) -> float:
        return sum(count * GRADE_WEIGHT[grade] for grade, count in self.open.items())

    @property
    def load(self) -> float:
        """Two decimals, half up (LD3.2)."""
        return math.floor(round(self.weighted * 100 / BASELINE, 6) + 0.5) / 100

    def takes(self, lead: Taken) -> bool:
        grades = [name.removeprefix("GRADE_") for name in self.profile["grades"]]
        industries = self.profile["industries"]
        return (not grades or lead.grade in grades) and (not industries or lead.industry in industries)

    def has_room(self, lead: Taken) -> bool:
        if lead.grade == "A" and self.a_today >= A_PER_DAY:
            return False
        return self.load < 1 and self.weighted + GRADE_WEIGHT[lead.grade] <= BASELINE + TINY


@dataclass
class Decision:
    """`parts`: of the winner. `how`: automatic or customer_owner. `field`: every candidate with its score."""

    row: int
    winner: str
    how: str
    mean_load: float = 0.0
    quota: bool = False
    weights: dict[str, float] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    score: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    all_parts: dict[str, dict[str, float]] = field(default_factory=dict)


class Office:
    """All reps at 10:00, and what each decision does to them."""

    def __init__(
        self,
        employees: list[dict[str, Any]],
        profiles: list[dict[str, Any]],
        closed: list[dict[str, Any]],
        at: datetime,
    ) -> None:
        self._at = at
        known = {profile["employeeId"]: profile for profile in profiles}
        self.reps = {
            e["employeeId"]: Rep(
                e["employeeId"],
                e["name"],
                e["orgPath"],
                e["status"],
                date.fromisoformat(e["hiredOn"]),
                known[e["employeeId"]],
            )
            for e in employees
            if e["position"] == "sales_rep"
        }
        self._count_history(closed)
        self._rates = {team: self.team_rate(team) for team in {rep.team for rep in self.reps.values()}}
        self._turn = 0
        self._crowded = False
        self._given: list[str] = []

    def _count_history(self, closed: list[dict[str, Any]]) -> None:
        """A leads closed in the last 30 days (LD3.3)."""
        since = self._at - timedelta(days=30)
        for lead in closed:
            when = datetime.fromisoformat(lead["closedAt"])
            if lead["grade"] == "GRADE_A" and since <= when <= self._at:
                rep = self.reps[lead["ownerId"]]
                rep.closed += 1
                rep.won += lead["won"]

    def is_newcomer(self, rep: Rep) -> bool:
        return (self._at.date() - rep.hired_on).days < 90

    def team_rate(self, team: str) -> float:
        members = [rep for rep in self.reps.values() if rep.team == team]
        closed = sum(rep.closed for rep in members)
        return sum(rep.won for rep in members) / closed if closed else 0.0

    def conversion(self, rep: Rep) -> float:
        rate = self._rates[rep.team]
        if rate == 0:
            return 0.5
        return min((rep.won + 10 * rate) / (rep.closed + 10) / (2 * rate), 1.0)

    def region(self, rep: Rep, lead: Taken) -> float:
        """LD3.4."""
        centre = rep.profile.get("territoryCentre")
        if lead.position is None or centre is None:
            return 1.0 if rep.profile["city"] == lead.city else 0.5 if rep.profile["province"] == lead.province else 0.0
        distance = kilometres(lead.position, (centre["latitude"], centre["longitude"]))
        excess = max(0.0, distance - rep.profile["territoryRadiusKm"])
        return 1.0 if excess <= 5 else math.exp(-(excess - 5) / 20)

    def mean_load(self, lead: Taken) -> float:
        """Over verified reps eligible for the grade, each capped at 1 (LD3.5)."""
        eligible = [rep for rep in self.reps.values() if rep.status == "ACTIVE" and self._takes_grade(rep, lead)]
        return round(sum(min(rep.load, 1) for rep in eligible) / len(eligible), 6)

    def _takes_grade(self, rep: Rep, lead: Taken) -> bool:
        grades = [name.removeprefix("GRADE_") for name in rep.profile["grades"]]
        return not grades or lead.grade in grades

    def decide(self, lead: Taken, owner: str | None) -> Decision:
        if owner is not None:
            self._give(self.reps[owner], lead)
            return Decision(lead.row, owner, "customer_owner")
        mean = self.mean_load(lead)
        self._crowded = mean > 0.80 or (self._crowded and mean >= 0.75)
        weights = CROWDED_WEIGHTS if self._crowded else WEIGHTS
        able = [rep for rep in self.reps.values() if rep.status == "ACTIVE" and rep.takes(lead) and rep.has_room(lead)]
        quota = self._quota_is_due(lead) and any(self.is_newcomer(rep) for rep in able)
        candidates = [rep for rep in able if self.is_newcomer(rep)] if quota else able
        parts = {rep.employee_id: self._parts(rep, lead) for rep in candidates}
        scores = {who: self._score(each, weights) for who, each in parts.items()}
        winner = self._choose(candidates, scores, lead.grade)
        self._share_turns(candidates, scores, lead.grade)
        self._give(winner, lead)
        winner.received[lead.grade] += 1
        who = winner.employee_id
        return Decision(lead.row, who, "automatic", mean, quota, weights, parts[who], scores[who], scores, parts)

    def _parts(self, rep: Rep, lead: Taken) -> dict[str, float]:
        return {"load": 1 - min(rep.load, 1), "conversion": self.conversion(rep), "region": self.region(rep, lead)}

    def _score(self, parts: dict[str, float], weights: dict[str, float]) -> float:
        return round(sum(weights[name] * value for name, value in parts.items()), 6)

    def _choose(self, candidates: list[Rep], scores: dict[str, float], grade: str) -> Rep:
        """Within 0.02 of the best: owed most, least recently assigned, id (LD3.6)."""
        best = max(scores.values())
        close = [rep for rep in candidates if scores[rep.employee_id] >= best - TIE - TINY]
        return min(close, key=lambda rep: (-round(rep.owed[grade] - rep.received[grade], 9), rep.last, rep.employee_id))

    def _share_turns(self, candidates: list[Rep], scores: dict[str, float], grade: str) -> None:
        """owed += 1/n over the n candidates within 0.10 of the best (LD3.7)."""
        best = max(scores.values())
        near = [rep for rep in candidates if scores[rep.employee_id] >= best - FAIR - TINY]
        for rep in near:
            rep.owed[grade] += 1 / len(near)

    def _give(self, rep: Rep, lead: Taken) -> None:
        self._turn += 1
        rep.open[lead.grade] += 1
        rep.last = self._turn
        if lead.grade == "A":
            rep.a_today += 1
            self._given.append(rep.employee_id)

    def _quota_is_due(self, lead: Taken) -> bool:
        """From 10 A leads in 7 days on, newcomers get at least a tenth (LD3.6)."""
        if lead.grade != "A" or len(self._given) < 10:
            return False
        to_newcomers = sum(self.is_newcomer(self.reps[who]) for who in self._given)
        return to_newcomers < 0.10 * len(self._given)


def replay(taken: list[Taken], customers: list[dict[str, Any]], office: Office) -> list[Decision]:
    """A, B, C, then in the order of the file (LD3.8)."""
    owners = {customer["customerCode"]: customer["ownerId"] for customer in customers}
    line = sorted(taken, key=lambda lead: (lead.grade, lead.row))
    return [office.decide(lead, owners[lead.customer] if lead.customer else None) for lead in line]
