"""Find the first candidate that the directory verifies (LD3.6): the best five in one batch, then the next five."""

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


@dataclass(frozen=True)
class Choice:
    """`winner` is a position in the contest's columns, None when nobody was verified in time.

    `candidates`: how many passed the filters. `checked`: who was probed, with what came of it. `dropped`: who is out.
    """

    winner: int | None
    candidates: int
    checked: dict[int, Checked]
    dropped: Mask


def probe_the_best(probe: Probe, contests: Iterable[Contest], now: datetime, ends: float) -> Verdicts:
    """The best five of each contest, all in one batch. `ends` is an instant of the monotonic clock."""
    employees: dict[str, int] = {}
    policy = None
    for contest in contests:
        policy = contest.policy
        employees |= _versions(contest, _best(contest))
    if policy is None or not employees:
        return {}
    return probe.check(employees, now, policy, within=ends - time.monotonic())


def choice_of(contest: Contest, verdicts: Verdicts) -> Choice | None:
    """None when one of the best is refused: then the order changes, and all have to be looked at."""
    best = _best(contest)
    checked = {at: verdicts[str(contest.reps.employee_id[at])] for at in best}
    if any(each.verdict is not Verdict.VERIFIED for each in checked.values()):
        return None
    return Choice(best[0] if best else None, len(best), checked, np.zeros(len(contest.reps), dtype=bool))


def probe_candidates(probe: Probe, contest: Contest, now: datetime, ends: float, known: Verdicts) -> Choice:
    """Who is refused drops out and the order is made anew for the rest. `known`: answers of just now."""
    dropped = np.zeros(len(contest.reps), dtype=bool)
    checked: dict[int, Checked] = {}
    candidates = int(contest.candidates.sum())
    while True:
        order = standing(contest, dropped, contest.policy.probe_batch)
        if not order:
            return Choice(None, candidates, checked, dropped)
        if order[0] in checked:
            return Choice(order[0], candidates, checked, dropped)
        batch = [at for at in order if at not in checked]
        left = ends - time.monotonic()
        unasked = _versions(contest, batch)
        answers = {each: known[each] for each in unasked if each in known}
        if len(answers) < len(unasked):
            if left <= 0:
                return Choice(None, candidates, checked, dropped)
            asked = {each: version for each, version in unasked.items() if each not in answers}
            answers |= probe.check(asked, now, contest.policy, within=left)
        for at in batch:
            checked[at] = answers[str(contest.reps.employee_id[at])]
            dropped[at] = checked[at].verdict is not Verdict.VERIFIED


def _best(contest: Contest) -> list[int]:
    return standing(contest, np.zeros(len(contest.reps), dtype=bool), contest.policy.probe_batch)


def _versions(contest: Contest, batch: list[int]) -> dict[str, int]:
    return {str(contest.reps.employee_id[at]): int(contest.reps.version[at]) for at in batch}
