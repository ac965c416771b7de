"""Differences of a customer's contracts that cancel: money, goods or an invoice booked to the wrong one (N5.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from integration.board.pairing_rules import nearest
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
        by_side[gap.side].append(gap)
    for side, each in by_side.items():
        for place, other in nearest([gap.fen for gap in each], policy.tolerance_fen).items():
            found[each[place].thread].append(Counterpart(side, each[other].thread, each[other].fen))
    return dict(found)
