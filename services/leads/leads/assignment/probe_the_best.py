"""Find the first candidate of each lead that the directory verifies (LD3.6): the best five, then the next five."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from leads.assignment.choice_rules import Contest, standing
from leads.assignment.probe import Probe
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.rules import Mask

Verdicts = Mapping[str, Checked]
NOISE = 1e-9


@dataclass(frozen=True)
class Choice:
    """`winner` is a position in the contest's columns, None when nobody was verified in time.

    `candidates`: how many of the shortlist passed the filters. `checked`: who was probed and could have won, with what
    came of it. `dropped`: who is out.
    """

    winner: int | None
    candidates: int
    checked: dict[int, Checked]
    dropped: Mask


def unknown_best(contests: Iterable[Contest], known: Verdicts) -> dict[str, int]:
    """The best five of each contest that nobody has asked about yet: employee id → version on the roster."""
    employees: dict[str, int] = {}
    for contest in contests:
        for at in standing(contest, dropped(contest, known), contest.policy.probe_batch):
            employees[str(contest.reps.employee_id[at])] = int(contest.reps.version[at])
    return {each: version for each, version in employees.items() if each not in known}


def probe_all(probe: Probe, employees: Mapping[str, int], contest: Contest, ends: float) -> Verdicts:
    """All in one batch. Empty when the directory is silent. `ends` is an instant of the monotonic clock."""
    at: datetime = contest.circumstances.at
    answers = probe.check(employees, at, contest.policy, within=ends - time.monotonic())
    return {} if all(each.silent for each in answers.values()) else answers


def choice_of(contest: Contest, known: Verdicts) -> Choice:
    """The first who is verified, unless somebody stands before whom nobody could be asked about."""
    out = dropped(contest, known)
    order = standing(contest, out, contest.policy.probe_batch)
    winner = order[0] if order and str(contest.reps.employee_id[order[0]]) in known else None
    checked = {at: known[name] for at in order if (name := str(contest.reps.employee_id[at])) in known}
    least = -np.inf if winner is None else contest.score[winner] - contest.policy.tie_band - NOISE
    for at in np.flatnonzero(out & contest.candidates & (contest.score >= least)).tolist():
        checked[at] = known[str(contest.reps.employee_id[at])]
    return Choice(winner, int(contest.candidates.sum()), checked, out)


def dropped(contest: Contest, known: Verdicts) -> Mask:
    """Whom the probe refused, or could not verify."""
    refused = refusals(known)
    return np.array([str(each) in refused for each in contest.reps.employee_id], dtype=bool)


def refusals(known: Verdicts) -> frozenset[str]:
    return frozenset(name for name, each in known.items() if each.verdict is not Verdict.VERIFIED)
