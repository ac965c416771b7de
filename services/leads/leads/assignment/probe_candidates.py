"""Find the first candidate that the directory verifies (LD3.6): the best five in one batch, then the next five."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from leads.assignment.choice_rules import Contest, standing
from leads.assignment.probe import Probe
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.rules import Mask


@dataclass(frozen=True)
class Choice:
    """`winner` is a position in the contest's columns, None when nobody was verified in time.

    `candidates`: how many passed the filters. `checked`: who was probed, with what came of it. `dropped`: who is out.
    """

    winner: int | None
    candidates: int
    checked: dict[int, Checked]
    dropped: Mask


def probe_candidates(probe: Probe, contest: Contest, now: datetime, ends: float) -> Choice:
    """`ends` is an instant of the monotonic clock. Who is refused drops out and the order is made anew for the rest."""
    dropped = np.zeros(len(contest.reps), dtype=bool)
    checked: dict[int, Checked] = {}
    candidates = int(contest.candidates.sum())
    while True:
        order = standing(contest, dropped, contest.policy.probe_batch)
        if not order:
            return Choice(None, candidates, checked, dropped)
        if order[0] in checked:
            return Choice(order[0], candidates, checked, dropped)
        left = ends - time.monotonic()
        if left <= 0:
            return Choice(None, candidates, checked, dropped)
        batch = [at for at in order if at not in checked]
        answers = probe.check(_versions(contest, batch), now, contest.policy, within=left)
        for at in batch:
            checked[at] = answers[str(contest.reps.employee_id[at])]
            dropped[at] = checked[at].verdict is not Verdict.VERIFIED


def _versions(contest: Contest, batch: list[int]) -> dict[str, int]:
    return {str(contest.reps.employee_id[at]): int(contest.reps.version[at]) for at in batch}
