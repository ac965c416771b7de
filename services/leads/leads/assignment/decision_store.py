"""SQL of decisions: what was decided, from what, and why (LD3.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.unit_of_work import Transaction
from leads import tables
from leads.assignment.choice_rules import Contest, standing
from leads.assignment.fair_turn_rules import band_bits
from leads.assignment.measure_rules import measured_all
from leads.assignment.probe_rules import Checked, Verdict
from leads.lead.rules import Grade

t = tables.decision.c


@dataclass(frozen=True)
class Decision:
    """A decision about to be stored. `band`: numbers of those whom the lead is owed a share of."""

    decision_id: str
    lead_id: str
    at: datetime
    grade: Grade
    policy_version: int
    outcome: str
    winner_id: str = ""
    snapshot: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    band: NDArray[np.int64] | None = None


def row_of(decision: Decision) -> dict[str, Any]:
    band = decision.band if decision.band is not None else np.zeros(0, dtype=np.int64)
    return {
        "decision_id": decision.decision_id,
        "lead_id": decision.lead_id,
        "at": decision.at,
        "grade": decision.grade.value,
        "policy_version": decision.policy_version,
        "outcome": decision.outcome,
        "winner_id": decision.winner_id,
        "snapshot": decision.snapshot,
        "body": dict(decision.body),
        "band": band_bits(band),
        "band_size": len(band),
    }


def latest(tx: Transaction, lead_id: str) -> Row[Any] | None:
    query = select(tables.decision).where(t.lead_id == lead_id).order_by(t.at.desc(), t.decision_id.desc()).limit(1)
    return tx.execute(query).one_or_none()


def set_load_mode(tx: Transaction, grade: Grade, high: bool) -> None:
    """The high-load weights come in or go for a grade."""
    row = upsert(tables.load_mode).values(grade=grade.value, high=high, since=tx.now)
    fresh = {"high": high, "since": tx.now}
    tx.execute(row.on_conflict_do_update(index_elements=["grade"], set_=fresh))


def body_of(contest: Contest, winner: int | None, checked: Mapping[int, Checked]) -> dict[str, Any]:
    """Inputs, weights, counts per filter, refusals of the probe and the top 20; plain JSON values."""
    nobody = np.zeros(len(contest.reps), dtype=bool)
    top = standing(contest, nobody, contest.policy.kept_candidates)
    if winner is not None and winner not in top:
        top = [*top[:-1], winner]
    wanted, circumstances, place = contest.wanted, contest.circumstances, contest.wanted.place
    refused = {at: each for at, each in checked.items() if each.verdict is not Verdict.VERIFIED}
    return {
        "lead": {
            "industry": wanted.industry,
            "province": place.province,
            "city": place.city,
            "position": [place.position.latitude, place.position.longitude] if place.position else None,
            "barred": sorted(wanted.barred),
        },
        "circumstances": {
            "on_shift": circumstances.on_shift,
            "high_load_before": circumstances.high_load_before,
            "a_given": circumstances.a_given,
            "a_to_newcomers": circumstances.a_to_newcomers,
        },
        "weights": contest.survey.weights.model_dump(),
        "tie_band": contest.policy.tie_band,
        "mean_load": contest.survey.mean_load,
        "high_load": contest.survey.high_load,
        "newcomer_quota": contest.survey.newcomer_quota,
        "filtered": contest.survey.filtered,
        "candidates": measured_all(contest, top, checked),
        "refused": {
            str(contest.reps.employee_id[at]): {"verdict": each.verdict.value, "age_seconds": each.age_seconds}
            for at, each in refused.items()
        },
    }
