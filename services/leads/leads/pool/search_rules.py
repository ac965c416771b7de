"""Which way to look for words: by the index of their pieces, or along the pool in its order (LD7.1).

The index finds every lead that has the words, however many, before the first page can be told; the way along the pool
ends with the page, early when many leads have the words. About `share × leads` are looked at on the first way and
`page ÷ share` on the other: they meet at √(page ÷ leads), 0.7 % of a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from leads.pool.word_rules import Run

# Further pieces of a word cost more than they sort out.
ENOUGH = 3


@dataclass(frozen=True)
class PieceShares:
    """Of `leads`, which share has a piece, as the database last counted; others are rarer than `least`."""

    leads: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    least: float = 0.0

    def of(self, runs: Sequence[Run]) -> float:
        """The share of leads that have all of these words, guessed: words may mean the same, so the rarest counts."""
        return min(min(1.0, sum(self._of_all(way, run.kind) for way in run.ways)) for run in runs)

    def query(self, runs: Sequence[Run]) -> str:
        """For PostgreSQL's text search. Pieces hold letters, digits and Chinese characters: nothing to be escaped."""
        return " & ".join("({})".format(" | ".join(map(self._all_of, run.ways))) for run in runs)

    def _all_of(self, pieces: Sequence[str]) -> str:
        return "({})".format(" & ".join(f"'{each}'" for each in self._rarest(pieces)))

    def _of_all(self, pieces: Sequence[str], kind: str) -> float:
        """Pieces of a word come together; those of a number nearly by chance."""
        rarest = [self.shares.get(each, self.least) for each in self._rarest(pieces)]
        return _nearly_by_chance(rarest) if kind == "digits" else rarest[0]

    def _rarest(self, pieces: Sequence[str]) -> list[str]:
        """Every name ends like 有限公司: what is in "youxiangongsi" sorts nothing out, and costs."""
        return sorted(pieces, key=lambda each: self.shares.get(each, self.least))[:ENOUGH]


def are_common(runs: Sequence[Run], known: PieceShares, page: int) -> bool:
    """Whether the pool is to be walked: fewer leads are looked at until `page` of them are found."""
    share = known.of(runs)
    return share * share * known.leads > page


def _nearly_by_chance(shares: Iterable[float]) -> float:
    """The rarest counts in full, each further one by the root of the one before (the exponential backoff of Microsoft
    SQL Server's cardinality estimator, 2014)."""
    found, power = 1.0, 1.0
    for each in sorted(shares):
        found *= each**power
        power /= 2
    return found
