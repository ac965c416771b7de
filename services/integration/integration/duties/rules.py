"""What somebody may do: duties of the position and granted ones, none without a working status (N3.2)."""

from __future__ import annotations

from collections.abc import Iterable

from integration.duties.policy import DutiesPolicy, Level

# On leave somebody keeps the duties: a manager approves from home.
WORKING = frozenset({"active", "on_leave"})
_REACH: tuple[Level, ...] = ("self", "team", "company")


def duties_of(status: str, position: str, granted: Iterable[str], policy: DutiesPolicy) -> tuple[str, ...]:
    """Sorted. Who is frozen, disabled or departed holds none, whatever was granted."""
    if status not in WORKING:
        return ()
    return tuple(sorted({*policy.positions.get(position, ()), *granted}))


def level_of(duties: Iterable[str], policy: DutiesPolicy) -> Level:
    """The furthest that any of the duties sees; own rows without any."""
    reach = [_REACH.index(policy.levels.get(duty, "company")) for duty in duties]
    return _REACH[max(reach, default=0)]
