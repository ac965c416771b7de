"""What a figure says about the data it rests on (N2.2): provisional while its feed is not proved complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chassis.kernel.calendar import SHANGHAI


@dataclass(frozen=True)
class FeedState:
    """What a feed last said of itself."""

    feed: str
    complete: bool
    complete_until: datetime | None


@dataclass(frozen=True)
class Provenance:
    """`definition` names how the figure is counted; the notes are empty unless it is provisional."""

    definition: str
    provisional: bool
    complete_until: datetime | None
    note: str
    note_zh: str


def least_complete(feeds: Sequence[FeedState]) -> FeedState | None:
    """What may be said of several feeds at once: an incomplete one decides, the one that lags most first."""
    never = datetime.min.replace(tzinfo=UTC)
    return min(feeds, key=lambda each: (each.complete, each.complete_until or never), default=None)


def provenance(definition: str, bank: FeedState | None) -> Provenance:
    """A feed that was never heard of is taken as complete: it never complained."""
    if bank is None or bank.complete:
        return Provenance(definition, False, bank.complete_until if bank else None, "", "")
    return Provenance(definition, True, bank.complete_until, *_notes(bank.complete_until))


def _notes(until: datetime | None) -> tuple[str, str]:
    if until is None:
        return "provisional, bank data not yet proved complete", "暂定，银行数据尚未证实完整"
    local = until.astimezone(SHANGHAI)
    return f"provisional, bank data until {local:%Y-%m-%d %H:%M}", f"暂定，银行数据截至 {local:%Y-%m-%d %H:%M}"
