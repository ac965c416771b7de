"""Amounts that cancel each other (N5.1). In order of amount, so that thousands are no trouble."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def cancel(first: int, second: int, tolerance: int) -> bool:
    """Each alone is above the tolerance, both together are not."""
    return min(abs(first), abs(second)) > tolerance and abs(first + second) <= tolerance


def nearest(amounts: Sequence[int], tolerance: int) -> dict[int, int]:
    """By place in `amounts`: the place of what cancels it most exactly; the earlier place when two do."""
    ordered = sorted(range(len(amounts)), key=lambda place: (amounts[place], place))
    sizes = [amounts[place] for place in ordered]
    found: dict[int, int] = {}
    for place in ordered:
        at = bisect_left(sizes, -amounts[place])
        near = _around(ordered, sizes, at)
        fits = [other for other in near if cancel(amounts[place], amounts[other], tolerance)]
        if fits:
            found[place] = min(fits, key=lambda other: (abs(amounts[place] + amounts[other]), other))
    return found


def _around(ordered: Sequence[int], sizes: Sequence[int], at: int) -> list[int]:
    """The first of the amounts on either side of a gap."""
    below = [ordered[bisect_left(sizes, sizes[at - 1])]] if at > 0 else []
    return [*below, *ordered[at : at + 1]]
