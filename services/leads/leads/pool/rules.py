"""Who may claim a lead of the pool, and for how long it is protected (LD7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition
from chassis.kernel.calendar import SHANGHAI, BusinessCalendar
from leads.pool.policy import PoolPolicy
from leads.recycle.rules import RecycleClock

# Before protection ends, the owner is warned.
_WARNING = timedelta(hours=4)
_NUMBER = re.compile(r"(\d{3})\d+(\d{4})")


class LeadNotInPool(FailedPrecondition):
    en = "The lead is not in the pool any more."
    zh = "该线索已不在公海中。"


class LeadClaimedAlready(FailedPrecondition):
    en = "{name} was faster: the lead is taken since {at}."
    zh = "{name} 已于 {at} 领取该线索。"


class DailyClaimsUsed(FailedPrecondition):
    en = "You have claimed {limit} leads today; more tomorrow."
    zh = "您今天已领取 {limit} 条线索，请明天再来。"


class TooManyHeld(FailedPrecondition):
    en = "You hold {limit} leads of the pool; work on them or release some first."
    zh = "您已持有 {limit} 条公海线索，请先跟进或释放。"


class CoolingDown(FailedPrecondition):
    en = "You had this lead before; you may claim it again from {at}."
    zh = "您曾持有该线索，{at} 之后才能再次领取。"


class ExtensionsUsed(FailedPrecondition):
    en = "Protection was extended {limit} times already."
    zh = "保护期已延长 {limit} 次，不能再延长。"


class NotClaimed(FailedPrecondition):
    en = "Only a lead claimed from the pool is protected."
    zh = "只有从公海领取的线索才有保护期。"


@dataclass(frozen=True)
class Standing:
    """Of a rep, before a claim. `had_until`: when the rep last had this very lead."""

    claimed_today: int
    held: int
    had_until: datetime | None = None


def check_claim(standing: Standing, now: datetime, policy: PoolPolicy) -> None:
    """Raises DailyClaimsUsed, TooManyHeld or CoolingDown."""
    if standing.claimed_today >= policy.claims_per_day:
        raise DailyClaimsUsed(limit=policy.claims_per_day)
    if standing.held >= policy.held:
        raise TooManyHeld(limit=policy.held)
    if standing.had_until is not None and now < standing.had_until + policy.cooldown:
        raise CoolingDown(at=told(standing.had_until + policy.cooldown))


def protection(start: datetime, policy: PoolPolicy, calendar: BusinessCalendar) -> dict[RecycleClock, datetime]:
    """The clocks that end it: a warning, then back to the pool."""
    ends = calendar.add_wall_time_on_workdays(start, policy.protection)
    return {RecycleClock.WARNING: max(start, ends - _WARNING), RecycleClock.RETURN: ends}


def extend(extensions: int, policy: PoolPolicy) -> int:
    """How many there are then. Raises ExtensionsUsed."""
    if extensions >= policy.extensions:
        raise ExtensionsUsed(limit=policy.extensions)
    return extensions + 1


def masked(phone: str) -> str:
    """+8613800138000 → +86138****8000: enough to recognise, not to call."""
    return _NUMBER.sub(r"\1****\2", phone.removeprefix("+86"), count=1)


def told(at: datetime) -> str:
    """As people here write it."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
