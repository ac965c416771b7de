"""Which way to look for words: by the index of their pieces, or along the pool in its order (LD7.1).

The index finds every lead that has the words, however many, before the first page can be told; the way along the pool
ends with the page, early when many leads have the words. About `share × leads` are looked at on the first way and
`page ÷ share` on the other, which costs less each, as they lie side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leads.pool.word_rules import Run

# Further pieces of a word cost more than they sort out.
ENOUGH = 3
# So many leads are walked by at the cost of one that the index finds, whose page is mostly read anew (0.7 µs, 2 to 12).
WALKED = 14
# Than the rarest piece that is counted: those that are not, as a guess.
RARER = 10
# What is filtered by and has pieces in the pool; the grade is where the walk begins.
INDEXED = ("channel", "province", "city", "industry")


@dataclass(frozen=True)
class Part:
    """Of the pool: what is filtered by (column → any of these), first and last rank, behind which place, how many."""

    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranks: tuple[int, int] | None = None
    after: tuple[int, datetime, str] | None = None
    limit: int = 50

    @property
    def pieces(self) -> list[list[str]]:
        """One of each."""
        return [[f"{name}={each}" for each in self.facets[name]] for name in INDEXED if name in self.facets]


@dataclass(frozen=True)
class PieceShares:
    """Of `leads`, which share has a piece, as the database last counted; others are rarer than `least`, mostly much."""

    leads: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    least: float = 0.0

    def of(self, runs: Sequence[Run], part: Part) -> float:
        """The share of leads that have all of these words and lie in this part, guessed."""
        words = [sum(self._of_all(way, run.kind) for way in run.ways) for run in runs]
        facets = [sum(map(self._of, either)) for either in part.pieces]
        return _by_chance((min(1.0, each) for each in words + facets), 2)

    def query(self, runs: Sequence[Run], part: Part) -> str:
        """For PostgreSQL's text search."""
        words = ["({})".format(" | ".join(map(self._all_of, run.ways))) for run in runs]
        facets = ["({})".format(" | ".join(map(_quoted, either))) for either in part.pieces]
        return " & ".join(words + facets)

    def _all_of(self, pieces: Sequence[str]) -> str:
        return "({})".format(" & ".join(map(_quoted, self._rarest(pieces))))

    def _of_all(self, pieces: Sequence[str], kind: str) -> float:
        """Pieces of a word mostly come together; those of a number nearly by chance."""
        rarest = [self._of(each) for each in self._rarest(pieces)]
        return _by_chance(rarest, 2 if kind == "digits" else 4)

    def _rarest(self, pieces: Sequence[str]) -> list[str]:
        """Every name ends like 有限公司: what is in "youxiangongsi" sorts nothing out, and costs."""
        return sorted(pieces, key=self._of)[:ENOUGH]

    def _of(self, piece: str) -> float:
        return self.shares.get(piece, self.least / RARER)


def pieces_of(runs: Sequence[Run], part: Part) -> list[str]:
    """Whose shares are to be known."""
    words = [piece for run in runs for way in run.ways for piece in way]
    return [*words, *(piece for either in part.pieces for piece in either)]


def are_common(runs: Sequence[Run], part: Part, known: PieceShares) -> bool:
    """Whether the pool is to be walked: that costs less until the page is full."""
    share = known.of(runs, part)
    return share * share * known.leads * WALKED > part.limit


def _quoted(piece: str) -> str:
    return "'{}'".format(piece.replace("\\", "\\\\").replace("'", "''"))


def _by_chance(shares: Iterable[float], root: int) -> float:
    """The rarest counts in full, each further one by a root of the one before (for 2 the exponential backoff of
    Microsoft SQL Server's cardinality estimator, 2014)."""
    found, power = 1.0, 1.0
    for each in sorted(shares):
        found *= each**power
        power /= root
    return found
