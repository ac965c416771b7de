"""What a figure says about the data it rests on (N2.2): provisional while its feed is not proved complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chassis.kernel.calendar import SHANGHAI

DEFINITION = "forecast.v1: submitted × accuracy, capped by evidence; collected = arrived and claimed"


@dataclass(frozen=True)
class FeedState:
    """What a feed last said of itself. Unknown feeds are taken as complete: they never complained."""

    feed: str
    complete: bool
    complete_until: datetime | None


def least_complete(feeds: Sequence[FeedState]) -> FeedState | None:
    """What may be said of several feeds at once (N2.2): an incomplete one decides, the one that lags most first."""
    never = datetime.min.replace(tzinfo=UTC)
    return min(feeds, key=lambda each: (each.complete, each.complete_until or never), default=None)


@dataclass(frozen=True)
class Provenance:
    definition: str
    provisional: bool
    complete_until: datetime | None
    note: str
    note_zh: str


def provenance(definition: str, bank: FeedState | None) -> Provenance:
    if bank is None or bank.complete:
        return Provenance(definition, False, bank.complete_until if bank else None, "", "")
    until = bank.complete_until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if bank.complete_until else ""
    en = f"provisional, bank data until {until}" if until else "provisional, bank data incomplete"
    zh = f"暂定，银行数据截至 {until}" if until else "暂定，银行数据不完整"
    return Provenance(definition, True, bank.complete_until, en, zh)
