"""The parts of reps in a decision, as they are stored and as they are recomputed (LD3.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from leads.assignment.choice_rules import Contest
from leads.assignment.filter_rules import FILTERS, NOBODY
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.rules import Column

_DECIMALS = 6


def measured(contest: Contest, at: int, checked: Checked | None = None) -> dict[str, Any]:
    """Parts, raw inputs and the revision of the rep at position `at`; plain JSON values."""
    return measured_all(contest, [at], {} if checked is None else {at: checked})[0]


def measured_all(contest: Contest, at: Sequence[int], checked: Mapping[int, Checked]) -> list[dict[str, Any]]:
    """As `measured`, column by column: of twenty candidates it takes a tenth of the time."""
    reps, grade = contest.reps, contest.wanted.grade
    last = reps.last_assigned[list(at)]
    columns: dict[str, list[Any]] = {
        "employee_id": [str(reps.employee_id[each]) for each in at],
        "name": [str(reps.name[each]) for each in at],
        "revision": reps.revision[list(at)].tolist(),
        "score": _short(contest.score, at),
        "weighted": _short(contest.weighted, at),
        "baseline": _short(contest.baseline, at),
        "load": _short(contest.load, at),
        "won": reps.won[list(at)].tolist(),
        "closed": reps.closed[list(at)].tolist(),
        "team_rate": _short(reps.team_rate, at),
        "conversion": _short(contest.conversion, at),
        "conversion_n": _short(contest.conversion_n, at),
        "region": _short(contest.region, at),
        "distance_km": [None if isnan(km) else km for km in _short(contest.distance_km, at, 3)],
        "radius_km": _short(reps.radius_km, at),
        "city": [str(reps.city[each]) for each in at],
        "last_assigned": np.where(np.isfinite(last), last, 0.0).tolist(),
        "owed": _short(reps.owed[grade], at),
        "received": _short(reps.received[grade], at),
        "refused": [refusal(contest, each, checked.get(each)) for each in at],
        "age_seconds": [checked[each].age_seconds if each in checked else None for each in at],
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def refusal(contest: Contest, at: int, checked: Checked | None) -> str:
    """The filter that took the rep out, or the probe's verdict; empty for one who could win."""
    refused_by = contest.survey.refused_by[at]
    if refused_by != NOBODY:
        return FILTERS[refused_by]
    if checked is None or checked.verdict is Verdict.VERIFIED:
        return ""
    return f"probe_{checked.verdict.value}"


def _short(column: Column, at: Sequence[int], decimals: int = _DECIMALS) -> list[float]:
    found: list[float] = np.round(column[list(at)], decimals).tolist()
    return found
