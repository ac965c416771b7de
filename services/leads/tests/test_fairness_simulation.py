"""Ten thousand leads through the rules alone: nobody starves, and the alert fires where it should (LD3.7)."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from leads.assignment.choice_rules import drift, standing
from leads.assignment.desk import Desk, Gift
from leads.assignment.input_rules import Reps, Wanted
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.rules import Place
from leads.assignment.sheet_rules import Sheet
from leads.lead.rules import Grade, Position

from .assignment_rules_reference import PlainRep
from .test_assignment_rules import AT, HANGZHOU, columns, plain

POLICY = AssignmentPolicy(shift="always_on")
SECONDS = 2.0


def simulate(team: list[PlainRep], leads: int, *, open_at_once: int, seed: int = 1) -> Reps:
    """C leads within a few kilometres of Hangzhou, one every two seconds; each is closed when so many came after it."""
    sheet, chance = Sheet(columns(team), POLICY, AT), random.Random(seed)
    everybody = np.arange(len(team))
    worked_on: deque[int] = deque()
    for number, place in enumerate(places(chance, leads)):
        desk = Desk(sheet, everybody, AT + timedelta(seconds=SECONDS * number), "", frozenset(), (0, 0))
        contest = desk.decide(Wanted(f"L{number}", Grade.C, "", place))
        (winner,) = standing(contest, np.zeros(len(contest.reps), dtype=bool), 1)
        desk.give(Gift(contest, winner))
        worked_on.append(int(contest.reps.number[winner]))
        if len(worked_on) > open_at_once:
            done = worked_on.popleft()
            sheet.reps.open_c[done] -= 1
            sheet.carries(done)
    return sheet.reps


def places(chance: random.Random, count: int) -> Iterator[Place]:
    for _ in range(count):
        north, east = chance.uniform(-0.02, 0.02), chance.uniform(-0.02, 0.02)
        yield Place(Position(HANGZHOU[0] + north, HANGZHOU[1] + east), "浙江", "杭州")


def alerts(reps: Reps) -> set[str]:
    drifts = zip(reps.employee_id, reps.owed[Grade.C], reps.received[Grade.C], strict=True)
    drifted = {name: drift(owed, received, POLICY) for name, owed, received in drifts}
    return {str(name) for name, off in drifted.items() if off is not None and off > POLICY.fairness_alert}


@pytest.mark.spec("LD3.6", "LD3.7")
def test_equal_reps_of_a_region_receive_what_they_are_owed() -> None:
    team = [plain(f"E{number:02d}", centre=HANGZHOU, radius_km=10.0) for number in range(40)]
    reps = simulate(team, 10_000, open_at_once=300)
    owed, received = reps.owed[Grade.C], reps.received[Grade.C]
    assert received.sum() == 10_000
    assert owed.sum() == pytest.approx(10_000)
    assert (np.abs(received - owed) / owed).max() < 0.05
    assert alerts(reps) == set()


@pytest.mark.spec("LD3.7")
def test_with_unequal_territories_the_alert_names_those_who_are_passed_over_and_nobody_else() -> None:
    """A district 12 km beyond its reps' territories: near enough to be owed a share, too far to be the best."""
    near = [plain(f"E{number:02d}", centre=HANGZHOU, radius_km=10.0) for number in range(30)]
    outside = [plain(f"F{number}", centre=(HANGZHOU[0] + 0.153, HANGZHOU[1]), radius_km=5.0) for number in range(3)]
    elsewhere = [plain(f"G{number}", centre=(31.2, 121.5), radius_km=5.0) for number in range(3)]
    reps = simulate([*near, *outside, *elsewhere], 4_000, open_at_once=20)
    assert alerts(reps) == {"F0", "F1", "F2"}
    of_g = [reps.find(each.employee_id) for each in elsewhere]
    assert reps.owed[Grade.C][of_g].sum() == 0, "who is never near is owed nothing, so nothing drifts"
