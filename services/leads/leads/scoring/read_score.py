"""What is said of a lead, with its reasons (LD11.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.scoring import store
from leads.scoring.field_rules import BY_NAME, in_words

_NONE_YET = "No model has been learned yet.", "尚未训练出评分模型。"
_SOON = "The lead is about to be scored.", "线索即将评分。"


@dataclass(frozen=True)
class Part:
    """How far one field moves the log-odds from the average lead's, in words."""

    field: str
    label: tuple[str, str]
    level: tuple[str, str]
    log_odds: float


@dataclass(frozen=True)
class Score:
    """`model` is None when no model has said anything: `why` then tells why."""

    lead_id: str
    model_id: int | None
    probability: float | None
    base: float
    parts: tuple[Part, ...]
    scored_at: datetime | None
    own: Row[Any] | None
    why: tuple[str, str] = ("", "")

    @property
    def counts(self) -> float | None:
        return self.probability if self.own is None else float(self.own.own_probability)


def read_score(tx: Transaction, lead_id: str) -> Score:
    """Raises LeadNotFound, also for a lead that is not the caller's to see."""
    leads.load(tx, lead_id)
    row = store.scores(tx, [lead_id]).get(lead_id)
    own = row if row is not None and row.own_probability is not None else None
    if row is None or row.model_id is None:
        return Score(lead_id, None, None, 0.0, (), None, own, _why(tx))
    parts = [part(each["field"], each["level"], each["log_odds"]) for each in row.parts]
    parts.sort(key=lambda each: -abs(each.log_odds))
    base = store.base_of(tx, row.model_id)
    return Score(lead_id, row.model_id, row.probability, base, tuple(parts), row.scored_at, own)


def part(field: str, level: str, log_odds: float) -> Part:
    known = BY_NAME.get(field)
    label = (known.en, known.zh) if known else (field, field)
    return Part(field, label, in_words(field, level), log_odds)


def _why(tx: Transaction) -> tuple[str, str]:
    if store.in_force(tx) is not None:
        return _SOON
    last = store.newest(tx)
    return (last.why, last.why_zh) if last is not None else _NONE_YET
