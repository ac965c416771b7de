"""What the past must hold before a score is given, and how well a model foretells leads it has not seen (LD11.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import log
from typing import Any

from leads.scoring.field_rules import Fields
from leads.scoring.model_rules import Model, calibrated, fit
from leads.scoring.policy import ScorePolicy

_SHARES = (0.6, 0.8)
_LEAST = 1e-6


@dataclass(frozen=True)
class Past:
    """A closed lead with its fields as they were early on."""

    closed_at: datetime
    won: bool
    fields: Fields


@dataclass(frozen=True)
class Tenth:
    """Leads judged alike: how many, what was foretold on average, what share was won."""

    leads: int
    foretold: float
    won: float


@dataclass(frozen=True)
class Quality:
    """On the latest period, which neither the fit nor the calibration has seen.

    `base_rate` is the share won before that period: what one would say of each lead without a model. Losses are mean
    log losses; `better_by` is how much smaller the model's is, as a share. `ranked_right`: of two leads, one won and
    one lost, how often the won one has the higher probability (AUC; 0.5 is chance).
    """

    leads: int
    won: int
    base_rate: float
    loss: float
    base_loss: float
    better_by: float
    ranked_right: float
    tenths: tuple[Tenth, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Trained:
    """`model` is None when nothing may be said; `why` and `why_zh` then tell why."""

    fitted_on: int
    won: int
    lost: int
    model: Model | None = None
    quality: Quality | None = None
    why: str = ""
    why_zh: str = ""


def train(past: Sequence[Past], policy: ScorePolicy) -> Trained:
    """Three periods one after the other by closing time: fit, calibrate, judge."""
    rows = sorted(past, key=lambda each: each.closed_at)
    first, second = (int(len(rows) * share) for share in _SHARES)
    fitting, calibrating, judging = rows[:first], rows[first:second], rows[second:]
    won = sum(each.won for each in fitting)
    made = Trained(len(fitting), won, len(fitting) - won)
    refusal = _too_thin(fitting, policy.least_won, policy.least_lost) or _too_thin(
        calibrating, policy.least_later, policy.least_later, later=True
    )
    refusal = refusal or _too_thin(judging, policy.least_later, policy.least_later, later=True)
    if refusal:
        return _refused(made, *refusal)
    raw = fit([each.fields for each in fitting], [each.won for each in fitting], ridge=policy.ridge, least=policy.level)
    model = calibrated(raw, [each.fields for each in calibrating], [each.won for each in calibrating])
    before = rows[:second]
    quality = judge(model, judging, sum(each.won for each in before) / len(before))
    if quality.better_by <= 0:
        return _refused(
            made,
            "On the latest leads the model foretells no better than the share won so far.",
            "在最近的线索上，模型并不比历史赢单率更准。",
            quality,
        )
    return Trained(made.fitted_on, made.won, made.lost, model, quality)


def judge(model: Model, rows: Sequence[Past], base_rate: float) -> Quality:
    foretold = [model.probability(each.fields) for each in rows]
    won = [each.won for each in rows]
    loss, base_loss = _loss(foretold, won), _loss([base_rate] * len(won), won)
    return Quality(
        leads=len(rows),
        won=sum(won),
        base_rate=base_rate,
        loss=loss,
        base_loss=base_loss,
        better_by=1 - loss / base_loss,
        ranked_right=ranked_right(foretold, won),
        tenths=_tenths(foretold, won),
    )


def _too_thin(rows: Sequence[Past], won: int, lost: int, *, later: bool = False) -> tuple[str, str] | None:
    has_won = sum(each.won for each in rows)
    has_lost = len(rows) - has_won
    if has_won >= won and has_lost >= lost:
        return None
    en, zh = ("the later period", "后期") if later else ("the past", "历史")
    return (
        f"History is too thin: {en} has {has_won} won and {has_lost} lost leads, {won} and {lost} are needed.",
        f"历史数据不足：{zh}仅有 {has_won} 条赢单、{has_lost} 条输单，至少需要 {won} 条和 {lost} 条。",
    )


def _refused(made: Trained, why: str, why_zh: str, quality: Quality | None = None) -> Trained:
    return Trained(made.fitted_on, made.won, made.lost, None, quality, why, why_zh)


def _loss(foretold: Sequence[float], won: Sequence[bool]) -> float:
    kept = [min(max(each, _LEAST), 1 - _LEAST) for each in foretold]
    return -sum(log(each) if hit else log(1 - each) for each, hit in zip(kept, won, strict=True)) / len(won)


def ranked_right(foretold: Sequence[float], won: Sequence[bool]) -> float:
    """By the sum of ranks (Mann and Whitney); equal probabilities count half."""
    order = sorted(range(len(won)), key=lambda at: foretold[at])
    ranks, at = [0.0] * len(won), 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and foretold[order[end + 1]] == foretold[order[at]]:
            end += 1
        for place in order[at : end + 1]:
            ranks[place] = (at + end) / 2 + 1
        at = end + 1
    hits = sum(won)
    return (sum(rank for rank, hit in zip(ranks, won, strict=True) if hit) - hits * (hits + 1) / 2) / (
        hits * (len(won) - hits)
    )


def _tenths(foretold: Sequence[float], won: Sequence[bool]) -> tuple[Tenth, ...]:
    """From the least to the most likely, in ten groups of one size, give or take one."""
    pairs = sorted(zip(foretold, won, strict=True))
    groups = [pairs[len(pairs) * at // 10 : len(pairs) * (at + 1) // 10] for at in range(10)]
    return tuple(
        Tenth(len(group), sum(each for each, _ in group) / len(group), sum(hit for _, hit in group) / len(group))
        for group in groups
        if group
    )
