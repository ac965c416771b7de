"""Which steps, in which order, came before a win more often than before a loss (LD12.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

# Steps looked at of one lead, the last ones: what came long before hardly made the difference.
LAST = 12
Steps = tuple[str, ...]


@dataclass(frozen=True)
class Path:
    """Steps in this order, others between them allowed: in `won` of the won leads and `lost` of the lost ones."""

    steps: Steps
    won: int
    lost: int
    lift: float


def paths(won: Sequence[Steps], lost: Sequence[Steps], *, longest: int, share: float, told: int) -> list[Path]:
    """The most telling first: by how much its share among the won exceeds that among the lost.

    A path that is part of a longer one with the same counts says nothing of its own.
    """
    among_won, among_lost = _counted(won, longest), _counted(lost, longest)
    needed = max(2, share * len(won))
    found = [
        Path(steps, count, among_lost[steps], count / len(won) - (among_lost[steps] / len(lost) if lost else 0.0))
        for steps, count in among_won.items()
        if count >= needed
    ]
    telling = sorted((each for each in found if each.lift > 0), key=lambda each: (-each.lift, -each.won, each.steps))
    kept: list[Path] = []
    for each in sorted(telling, key=lambda path: -len(path.steps)):
        if not any((each.won, each.lost) == (more.won, more.lost) and _within(each.steps, more.steps) for more in kept):
            kept.append(each)
    return [each for each in telling if each in kept][:told]


def next_steps(own: Steps, found: Sequence[Path]) -> list[str]:
    """What leads on from the steps so far: by the first path that is not gone to its end."""
    done = collapsed(own)
    ahead = (path.steps[_gone(done, path.steps)] for path in found if _gone(done, path.steps) < len(path.steps))
    return list(dict.fromkeys(ahead))


def collapsed(steps: Sequence[str]) -> Steps:
    """Five calls in a row are calling; only the last steps count."""
    return tuple(kind for kind, _ in groupby(steps))[-LAST:]


def _counted(leads: Sequence[Steps], longest: int) -> Counter[Steps]:
    """Once for each lead, however often it has the path."""
    counts: Counter[Steps] = Counter()
    for steps in leads:
        plain = collapsed(steps)
        counts.update({path for length in range(2, longest + 1) for path in combinations(plain, length)})
    return counts


def _within(part: Steps, whole: Steps) -> bool:
    """In this order, others between them allowed."""
    rest = iter(whole)
    return part != whole and all(step in rest for step in part)


def _gone(done: Steps, path: Steps) -> int:
    """How many of the path's steps were done, in their order."""
    rest, gone = iter(done), 0
    for step in path:
        if step not in rest:
            break
        gone += 1
    return gone
