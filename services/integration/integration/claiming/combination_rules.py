"""Which amounts add up to a sum: all ways, of at most 30 candidates and 8 items (N4.2).

Items of one kind and amount are interchangeable: the oldest are taken and count as one way. The candidates are halved,
each half's sums are sorted, and a sum's complement is looked up in the other half: 2 × 2^15 steps, not 2^30.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from integration.claiming.policy import ClaimingPolicy

Numbers = NDArray[np.int64]
# More ways need not be told apart: none of them is the one.
MOST = 3


@dataclass(frozen=True)
class Item:
    """`kind`: what makes items with the same amount interchangeable. Given to `ways` with the oldest first."""

    id: str
    kind: str
    fen: int


class _Half:
    """Every choice of copies from some groups: its sum, how many items, and its number in mixed radix."""

    def __init__(self, groups: Sequence[Sequence[Item]], total_fen: int, items: int) -> None:
        self._groups = groups
        self.sums: Numbers = np.zeros(1, dtype=np.int64)
        self.sizes: Numbers = np.zeros(1, dtype=np.int64)
        self.codes: Numbers = np.zeros(1, dtype=np.int64)
        radix = 1
        for group in groups:
            self._grow(group[0].fen, len(group), radix)
            kept = (self.sums <= total_fen) & (self.sizes <= items)
            self.sums, self.sizes, self.codes = self.sums[kept], self.sizes[kept], self.codes[kept]
            radix *= len(group) + 1

    def _grow(self, fen: int, copies: int, radix: int) -> None:
        taken = np.arange(copies + 1, dtype=np.int64)[:, None]
        self.sums = (self.sums[None, :] + fen * taken).ravel()
        self.sizes = (self.sizes[None, :] + taken).ravel()
        self.codes = (self.codes[None, :] + radix * taken).ravel()

    def chosen(self, code: int) -> Iterator[Item]:
        for group in self._groups:
            code, copies = divmod(code, len(group) + 1)
            yield from group[:copies]


def ways(total_fen: int, candidates: Sequence[Item], policy: ClaimingPolicy) -> list[list[Item]]:
    """Sets of two or more that make the total, at most `MOST` of them; none of too many candidates."""
    smaller = [each for each in candidates if each.fen < total_fen]
    if not 2 <= len(smaller) <= policy.combined_candidates:
        return []
    groups = _interchangeable(smaller)
    items = policy.combined_items
    left, right = _Half(groups[::2], total_fen, items), _Half(groups[1::2], total_fen, items)
    found = islice(_meeting(left, right, total_fen, items), MOST)
    return [[*left.chosen(one), *right.chosen(other)] for one, other in found]


def _interchangeable(candidates: Sequence[Item]) -> list[list[Item]]:
    groups: defaultdict[tuple[str, int], list[Item]] = defaultdict(list)
    for each in candidates:
        groups[each.kind, each.fen].append(each)
    return list(groups.values())


def _meeting(left: _Half, right: _Half, total_fen: int, items: int) -> Iterator[tuple[int, int]]:
    order = np.argsort(right.sums, kind="stable")
    sums = right.sums[order]
    missing = total_fen - left.sums
    firsts, lasts = np.searchsorted(sums, missing, side="left"), np.searchsorted(sums, missing, side="right")
    for at in np.nonzero(lasts > firsts)[0]:
        for other in order[firsts[at] : lasts[at]]:
            if left.sizes[at] + right.sizes[other] <= items:
                yield int(left.codes[at]), int(right.codes[other])
