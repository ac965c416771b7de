"""Too large a share of a team's leads for one rep (LD4.5): counted from assignments, load is never looked at."""

from __future__ import annotations

from dataclasses import dataclass

from leads.assignment.policy import AssignmentPolicy

NOISE = 1e-9


@dataclass(frozen=True)
class Given:
    """Assignments within the window."""

    to_rep: int
    to_team: int

    @property
    def share(self) -> float:
        return self.to_rep / self.to_team


def may_be_concentrated(given: Given, policy: AssignmentPolicy) -> bool:
    """False spares counting the eligible: the limit is never below the least one."""
    return given.to_team >= policy.concentration_from and given.share > policy.concentration_share + NOISE


def limit(eligible: int, policy: AssignmentPolicy) -> float:
    """min(0.9, max(0.30, 2 / eligible reps))"""
    return min(policy.concentration_most, max(policy.concentration_share, 2 / max(eligible, 1)))


def is_concentrated(given: Given, eligible: int, policy: AssignmentPolicy) -> bool:
    return may_be_concentrated(given, policy) and given.share > limit(eligible, policy) + NOISE
