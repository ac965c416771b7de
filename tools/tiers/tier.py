"""A tier: tests that need more than Python, such as Node, Java, Go or a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    name: str
    # None: can run here. Otherwise what is missing, for people.
    missing: Callable[[], str | None]
    # Prints its own findings. True: green.
    run: Callable[[], bool]


def run_all(tiers: Sequence[Tier], *, ci: bool, say: Callable[[str], None]) -> bool:
    """Run what can run. Elsewhere than in CI a tier that can't run is one plain line; in CI it is a failure."""
    results = [_run_one(tier, ci=ci, say=say) for tier in tiers]
    return all(results)


def _run_one(tier: Tier, *, ci: bool, say: Callable[[str], None]) -> bool:
    missing = tier.missing()
    if missing:
        say(f"{tier.name}: not run, {missing}")
        return not ci
    green = tier.run()
    say(f"{tier.name}: {'green' if green else 'failed'}")
    return green
