"""One rep's parts in a decision, as they are stored and as they are recomputed (LD3.10)."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np

from leads.assignment.choice_rules import Contest
from leads.assignment.filter_rules import FILTERS, NOBODY
from leads.assignment.probe_rules import Checked, Verdict

_DECIMALS = 6


def measured(contest: Contest, at: int, checked: Checked | None = None) -> dict[str, Any]:
    """Parts, raw inputs and the revision of the rep at position `at`; plain JSON values."""
    reps, grade = contest.reps, contest.wanted.grade
    return {
        "employee_id": str(reps.employee_id[at]),
        "name": str(reps.name[at]),
        "revision": int(reps.revision[at]),
        "score": _short(contest.score[at]),
        "weighted": _short(contest.weighted[at]),
        "baseline": _short(contest.baseline[at]),
        "load": _short(contest.load[at]),
        "won": int(reps.won[at]),
        "closed": int(reps.closed[at]),
        "team_rate": _short(reps.team_rate[at]),
        "conversion": _short(contest.conversion[at]),
        "conversion_n": _short(contest.conversion_n[at]),
        "region": _short(contest.region[at]),
        "distance_km": _distance(contest, at),
        "radius_km": _short(reps.radius_km[at]),
        "city": str(reps.city[at]),
        "last_assigned": float(reps.last_assigned[at]) if np.isfinite(reps.last_assigned[at]) else 0.0,
        "owed": _short(reps.owed[grade][at]),
        "received": _short(reps.received[grade][at]),
        "refused": refusal(contest, at, checked),
        "age_seconds": checked.age_seconds if checked else None,
    }


def refusal(contest: Contest, at: int, checked: Checked | None) -> str:
    """The filter that took the rep out, or the probe's verdict; empty for one who could win."""
    refused_by = contest.survey.refused_by[at]
    if refused_by != NOBODY:
        return FILTERS[refused_by]
    if checked is None or checked.verdict is Verdict.VERIFIED:
        return ""
    return f"probe_{checked.verdict.value}"


def _distance(contest: Contest, at: int) -> float | None:
    """Kilometres from the lead to the territory's centre; None without both."""
    km = float(contest.distance_km[at])
    return None if isnan(km) else round(km, 3)


def _short(value: float) -> float:
    return round(float(value), _DECIMALS)
