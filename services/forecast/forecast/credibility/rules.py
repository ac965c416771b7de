"""What a claim is worth (F3).

    accuracy = deals won / deals whose last claim was ≥ 80 %, over four quarters, from 10 deals on;
               below: (won + 10·team) / (n + 10)
    adjusted = min(submitted × accuracy, cap of the evidence level);  L5 counts 1.0 whoever says so

A deal still open 30 days past its expected close counts as lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from forecast.policy import SIGNED_LEVEL, CredibilityPolicy

PLACES = Decimal("0.000001")
ONE = Decimal(1)


@dataclass(frozen=True)
class Deal:
    """A deal that ended, or is overdue. `ended_at` is when it closed, or when it became overdue."""

    deal_id: str
    name: str
    last_claim: Decimal | None
    won: bool
    ended_at: datetime
    overdue: bool = False


@dataclass(frozen=True)
class Accuracy:
    rate: Decimal
    n: int
    won: int
    smoothed: bool
    team_rate: Decimal


@dataclass(frozen=True)
class Worth:
    """What a claim counts as. `cap` is 1 on L5."""

    adjusted: Decimal
    cap: Decimal


def counted(deals: Iterable[Deal], now: datetime, policy: CredibilityPolicy) -> list[Deal]:
    """Deals of the window whose last claim was high, newest first."""
    since = now - timedelta(days=policy.window_days)
    found = [
        each
        for each in deals
        if each.last_claim is not None and each.last_claim >= policy.high_claim and since <= each.ended_at <= now
    ]
    return sorted(found, key=lambda each: (each.ended_at, each.deal_id), reverse=True)


def rate_of(deals: Sequence[Deal]) -> Decimal | None:
    """None without any deal."""
    if not deals:
        return None
    return _round(Decimal(sum(each.won for each in deals)) / len(deals))


def accuracy(own: Sequence[Deal], team: Sequence[Deal], policy: CredibilityPolicy) -> Accuracy:
    """`own` and `team` as `counted` gives them; the team includes the person."""
    n, won = len(own), sum(each.won for each in own)
    team_rate = rate_of(team)
    if team_rate is None:
        team_rate = policy.unknown_rate
    if n >= policy.enough_deals:
        return Accuracy(_round(Decimal(won) / n), n, won, smoothed=False, team_rate=team_rate)
    return Accuracy(_smooth(won, n, team_rate, policy), n, won, smoothed=True, team_rate=team_rate)


def worth(submitted: Decimal, accuracy_rate: Decimal, level: int, policy: CredibilityPolicy) -> Worth:
    if level >= SIGNED_LEVEL:
        return Worth(ONE, ONE)
    cap = policy.caps[level]
    return Worth(min(_round(submitted * accuracy_rate), cap), cap)


def calibrated(
    submitted: Decimal, own: Iterable[Deal], team: Iterable[Deal], now: datetime, policy: CredibilityPolicy
) -> Decimal:
    """(wins + m·team) / (n + m) over deals whose last claim fell into the same band (F3.2)."""
    mine = [each for each in own if _same_band(each, submitted, now, policy)]
    theirs = [each for each in team if _same_band(each, submitted, now, policy)]
    team_rate = rate_of(theirs)
    return _smooth(
        sum(each.won for each in mine), len(mine), policy.unknown_rate if team_rate is None else team_rate, policy
    )


def _smooth(won: int, n: int, team_rate: Decimal, policy: CredibilityPolicy) -> Decimal:
    weight = policy.enough_deals
    return _round((Decimal(won) + weight * team_rate) / (n + weight))


def _same_band(deal: Deal, submitted: Decimal, now: datetime, policy: CredibilityPolicy) -> bool:
    in_window = now - timedelta(days=policy.window_days) <= deal.ended_at <= now
    return in_window and deal.last_claim is not None and _band(deal.last_claim, policy) == _band(submitted, policy)


def _band(claim: Decimal, policy: CredibilityPolicy) -> int:
    return sum(low <= claim for low in policy.bands)


def _round(value: Decimal) -> Decimal:
    return value.quantize(PLACES, rounding=ROUND_HALF_UP)


def formula(submitted: Decimal, accuracy_rate: Decimal, level: int, result: Worth) -> tuple[str, str]:
    """With the numbers put in: "90 % × 42.0 % = 37.8 %, cap 80 % (L3)"."""
    if level >= SIGNED_LEVEL:
        return "L5, legal document signed: counts as 100 %", "L5 法律文件已签署：按 100 % 计"
    product = f"{_percent(submitted)} × {_percent(accuracy_rate, 1)} = {_percent(submitted * accuracy_rate, 1)}"
    cap = _percent(result.cap)
    if submitted * accuracy_rate > result.cap:
        return f"{product}, capped at {cap} (L{level})", f"{product}，按上限 {cap} 计（L{level}）"
    return f"{product}, cap {cap} (L{level})", f"{product}，上限 {cap}（L{level}）"


def _percent(share: Decimal, places: int | None = None) -> str:
    """Without places: as many as it has."""
    hundred = share * 100
    if places is not None:
        return f"{hundred.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)} %"
    return f"{hundred.normalize():f} %"
