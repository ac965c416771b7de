"""Differences of a customer's contracts that cancel: money, goods or an invoice booked to the wrong one (N5.1)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from integration.board.policy import ThreeWayPolicy
from integration.board.rules import Side


@dataclass(frozen=True)
class Gap:
    """A difference of a whole contract of one customer."""

    thread: str
    side: Side
    fen: int


@dataclass(frozen=True)
class Counterpart:
    """What the difference on this side is cancelled by: the nearest in amount."""

    side: Side
    thread: str
    fen: int


def counterparts(gaps: Iterable[Gap], policy: ThreeWayPolicy) -> dict[str, list[Counterpart]]:
    """By contract, for differences above the tolerance that another contract's cancels to within it."""
    found: defaultdict[str, list[Counterpart]] = defaultdict(list)
    by_side: defaultdict[Side, list[Gap]] = defaultdict(list)
    for gap in gaps:
        if abs(gap.fen) > policy.tolerance_fen:
            by_side[gap.side].append(gap)
    for each in by_side.values():
        for gap, other in _nearest(each, policy).items():
            found[gap.thread].append(Counterpart(gap.side, other.thread, other.fen))
    return dict(found)


def _nearest(gaps: Sequence[Gap], policy: ThreeWayPolicy) -> Mapping[Gap, Gap]:
    """In order of amount, so that a customer with thousands of contracts is no trouble."""
    ordered = sorted(gaps, key=lambda gap: (gap.fen, gap.thread))
    amounts = [gap.fen for gap in ordered]
    found: dict[Gap, Gap] = {}
    for gap in ordered:
        place = bisect_left(amounts, -gap.fen)
        near = ordered[max(place - 1, 0) : place + 1]
        fits = [other for other in near if abs(gap.fen + other.fen) <= policy.tolerance_fen]
        if fits:
            found[gap] = min(fits, key=lambda other: (abs(gap.fen + other.fen), other.thread))
    return found
