"""Sources that number their records one by one: how far we are, and which numbers never came (N2.1).

A number that was passed over is asked for again with each run, until it comes or the source no longer keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from integration.feeds.rules import Hole, Proof


@dataclass(frozen=True)
class Gap:
    """Numbers that did not come, both ends included.

    `since`: until when everything was there; `found_at`: when the run began that missed them.
    """

    first: int
    last: int
    since: datetime
    found_at: datetime


@dataclass(frozen=True)
class Progress:
    """What a feed's checkpoint holds. `read_at`: when the run began that brought us here."""

    last: int = 0
    read_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(cls, checkpoint: str) -> Progress:
        told = json.loads(checkpoint or "{}")
        read_at = datetime.fromisoformat(told["at"]) if told.get("at") else None
        gaps = (
            Gap(first, last, *map(datetime.fromisoformat, instants)) for first, last, *instants in told.get("gaps", ())
        )
        return cls(int(told.get("last", 0)), read_at, tuple(gaps))

    @property
    def checkpoint(self) -> str:
        gaps = [[each.first, each.last, each.since.isoformat(), each.found_at.isoformat()] for each in self.gaps]
        return json.dumps({"last": self.last, "at": self.read_at.isoformat() if self.read_at else "", "gaps": gaps})


def advance(progress: Progress, numbers: Iterable[int], now: datetime) -> Progress:
    """After these numbers came, in whatever order. What lies before the first number ever seen is no gap."""
    known = sorted(set(numbers))
    gaps = [left for gap in progress.gaps for left in _left_of(gap, known)]
    last = progress.last
    for number in (each for each in known if each > progress.last):
        if last and number > last + 1:
            gaps.append(Gap(last + 1, number - 1, progress.read_at or now, now))
        last = number
    return replace(progress, last=last, gaps=tuple(gaps))


def completed(progress: Progress, read_at: datetime, oldest: datetime) -> Progress:
    """At the end of a run. Gaps found before `oldest` were told long enough: the source can't fill them any more."""
    return Progress(progress.last, read_at, tuple(each for each in progress.gaps if each.found_at >= oldest))


def proof_of(progress: Progress) -> Proof:
    """Complete is what was there before the first gap."""
    until = min((each.since for each in progress.gaps), default=progress.read_at)
    return Proof(until, [_told(each) for each in progress.gaps])


def _left_of(gap: Gap, known: list[int]) -> Iterator[Gap]:
    first = gap.first
    for number in known:
        if gap.first <= number <= gap.last:
            if number > first:
                yield replace(gap, first=first, last=number - 1)
            first = number + 1
    if first <= gap.last:
        yield replace(gap, first=first)


def _told(gap: Gap) -> Hole:
    span = str(gap.first) if gap.first == gap.last else f"{gap.first}–{gap.last}"
    return Hole(f"records {span} did not come", f"序号 {span} 的记录缺失")
