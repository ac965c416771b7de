"""Decide on leads one after the other, each on what those before it were given; their best are probed in one batch.

Nothing is written: what comes out is to be reserved. Scoring and probing happen outside any transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Asked, Attempt
from leads.assignment.choice_rules import Contest, standing
from leads.assignment.desk import Desk, Gift
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.probe_the_best import Verdicts, choice_of, dropped, probe_all, refusals, unknown_best

# A directory that is silent so often is not asked any more: the leads are held, and tried again later.
_SILENCES = 2


def decide_leads(
    assigner: Assigner, asked: Sequence[Asked], at: datetime, ends: float, version: int, policy: AssignmentPolicy
) -> list[Attempt]:
    """An attempt for each, in the given order. `ends` is an instant of the monotonic clock.

    Who is refused drops out, and the order is made anew for the rest, until nobody unknown is among the best.
    """
    known: Verdicts = {}
    silences = 0
    while True:
        desk, contests = _at_the_desk(assigner, asked, at, policy, known)
        unknown = unknown_best(contests, known)
        if not unknown:
            break
        answers = probe_all(assigner.probe, unknown, contests[0], ends)
        known = {**known, **answers}
        if answers and refusals(answers).isdisjoint(unknown):
            break  # everybody is verified: the order stays as it is
        silences += not answers
        if not answers and (silences == _SILENCES or time.monotonic() >= ends):
            known = {**known, **dict.fromkeys(unknown, Checked(Verdict.UNVERIFIED, silent=True))}
            desk, contests = _at_the_desk(assigner, asked, at, policy, known, known_alone=True)
            break
    return [
        Attempt(each, contest, choice_of(contest, known), desk.snapshot, version)
        for each, contest in zip(asked, contests, strict=True)
    ]


def _at_the_desk(
    assigner: Assigner,
    asked: Sequence[Asked],
    at: datetime,
    policy: AssignmentPolicy,
    known: Verdicts,
    *,
    known_alone: bool = False,
) -> tuple[Desk, list[Contest]]:
    """`known_alone`: nobody gets anything who was not asked about."""
    refused = refusals(known)
    with assigner.board.desk(at, policy) as desk:
        contests = []
        for each in asked:
            contest = desk.decide(each.wanted, refused)
            contests.append(contest)
            # The first of the order is taken for the winner by those who come after; most often the directory agrees.
            for first in standing(contest, dropped(contest, known), 1):
                if not known_alone or str(contest.reps.employee_id[first]) in known:
                    desk.give(Gift(contest, first))
        assigner.told.note(desk, {each.wanted.grade for each in asked})
    return desk, contests
