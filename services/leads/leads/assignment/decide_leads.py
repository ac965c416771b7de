"""Decide on leads one after the other, each on what those before it were given; their best are probed in one batch.

Nothing is written: what comes out is to be reserved. Scoring and probing happen outside any transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from leads.assignment.assigner import Assigner
from leads.assignment.attempt import Asked, Attempt
from leads.assignment.choice_rules import Contest, standing
from leads.assignment.desk import Desk, Gift
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_candidates import Verdicts, choice_of, probe_candidates, probe_the_best


def decide_leads(
    assigner: Assigner, asked: Sequence[Asked], at: datetime, ends: float, version: int, policy: AssignmentPolicy
) -> list[Attempt]:
    """An attempt for each, in the given order. `ends` is an instant of the monotonic clock."""
    decided: list[Attempt] = []
    known: Verdicts = {}
    while len(decided) < len(asked):
        left = asked[len(decided) :]
        with assigner.board.desk(at, policy) as desk:
            _replay(desk, decided)
            contests = [_contest(desk, each) for each in left]
            assigner.told.note(desk, {each.wanted.grade for each in left})
        known = {**known, **probe_the_best(assigner.probe, contests, at, ends)}
        for each, contest in zip(left, contests, strict=True):
            choice = choice_of(contest, known)
            if choice is None:
                decided.append(_among_all(assigner, each, decided, at, ends, known, version, policy))
                break
            decided.append(Attempt(each, contest, choice, desk.snapshot, version))
    return decided


def _contest(desk: Desk, asked: Asked) -> Contest:
    """The first of the order is taken for the winner by those who come after; most often the directory agrees."""
    contest = desk.decide(asked.wanted)
    nobody = np.zeros(len(contest.reps), dtype=bool)
    first = standing(contest, nobody, 1)
    if first:
        desk.give(Gift.of(contest, first[0], nobody))
    return contest


def _among_all(
    assigner: Assigner,
    asked: Asked,
    before: Sequence[Attempt],
    at: datetime,
    ends: float,
    known: Verdicts,
    version: int,
    policy: AssignmentPolicy,
) -> Attempt:
    """Somebody among the best is refused: others move up, who were not on the shortlist."""
    with assigner.board.desk(at, policy) as desk:
        _replay(desk, before)
        contest = desk.decide_among_all(asked.wanted)
    choice = probe_candidates(assigner.probe, contest, at, ends, known)
    return Attempt(asked, contest, choice, desk.snapshot, version)


def _replay(desk: Desk, before: Sequence[Attempt]) -> None:
    for each in before:
        if each.gift is not None:
            desk.give(each.gift)
