"""The shortlist decides as the rules over everybody do (LD3.10), whatever the sheet went through before."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.assignment.choice_rules import Contest, contest, fair_band, standing
from leads.assignment.geo_rules import bounds_km, geodesic_km, unit_vectors
from leads.assignment.input_rules import Circumstances, Reps, Wanted, take_on
from leads.assignment.measure_rules import measured
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.rules import Place
from leads.assignment.sheet_rules import Sheet
from leads.assignment.shortlist_rules import shortlist
from leads.lead.rules import Grade, Position

from .test_assignment_rules import AT, HANGZHOU, columns, plain

POLICY = AssignmentPolicy(kept_candidates=7, a_leads_per_day=6)
INDUSTRIES = ("医疗", "教育", "")


def roster(chance: random.Random, size: int, *, crowded: bool) -> Reps:
    """Reps around one city, or all over the east; `crowded`: many are alike, so that bands are wide."""
    spread = chance.choice((0.02, 0.3, 4.0))
    reps = [
        plain(
            f"E{number:04d}",
            status="active" if chance.random() < 0.9 else chance.choice(("on_leave", "frozen", "departed", "")),
            rep=chance.random() < 0.95,
            open_a=0 if crowded else chance.randrange(9),
            open_b=0 if crowded else chance.randrange(4),
            a_taken_today=chance.randrange(8),
            centre=None if chance.random() < 0.1 else near(chance, spread),
            radius_km=chance.choice((0.0, 5.0, 20.0, 200.0)),
            city=chance.choice(("杭州", "宁波", "")),
            province=chance.choice(("浙江", "上海", "")),
            grades=frozenset() if chance.random() < 0.8 else frozenset(chance.choice(("A", "BC"))),
            won=0 if crowded else chance.randrange(5),
            closed=0 if crowded else chance.randrange(5, 20),
            team_rate=0.2 if crowded else chance.choice((0.0, 0.1, 0.35)),
            tenure_days=30 if chance.random() < 0.1 else 1000,
            owed=chance.choice((0.0, 0.5, 2.25)),
            received=float(chance.randrange(2)),
            last_assigned=float(chance.randrange(3)),
        )
        for number in range(size)
    ]
    return limit_industries(columns(reps), chance)


def near(chance: random.Random, spread: float) -> tuple[float, float]:
    return HANGZHOU[0] + chance.uniform(-spread, spread), HANGZHOU[1] + chance.uniform(-spread, spread)


def limit_industries(reps: Reps, chance: random.Random) -> Reps:
    for at in range(len(reps)):
        reps.industries[at] = frozenset() if chance.random() < 0.8 else frozenset({chance.choice(INDUSTRIES[:2])})
    limited = np.flatnonzero([bool(g or i) for g, i in zip(reps.grades, reps.industries, strict=True)])
    return replace(reps, limited=limited)


def a_lead(chance: random.Random, reps: Reps) -> Wanted:
    position = None if chance.random() < 0.2 else Position(*near(chance, chance.choice((0.1, 2.0))))
    barred = frozenset(str(each) for each in reps.employee_id[: chance.randrange(4)])
    place = Place(position, "浙江", chance.choice(("杭州", "")))
    return Wanted("L1", chance.choice(list(Grade)), chance.choice(INDUSTRIES), place, barred)


def around(chance: random.Random) -> Circumstances:
    given = chance.choice((0, 50))
    return Circumstances(AT, chance.random() < 0.95, chance.random() < 0.3, given, given // 20)


def work_on(sheet: Sheet, chance: random.Random) -> None:
    """Leads are given and taken back, people freeze, pause and come back, conversion moves."""
    reps = sheet.reps
    for _ in range(5):
        at = np.array(sorted(chance.sample(range(len(reps)), min(4, len(reps)))))
        reps.open_a[at] = chance.randrange(9)
        reps.a_taken[at] += 1
        reps.won[at], reps.closed[at] = 3, 11
        reps.status[at[:1]] = chance.choice(("active", "frozen"))
        reps.paused[at[-1:]] = chance.random() < 0.5
        sheet.update(at)
        for position in chance.sample(range(len(reps)), min(3, len(reps))):
            take_on(reps, position, chance.choice(list(Grade)), AT)
            sheet.carries(position)


def the_first(one: Contest, refused: Collection[str] = ()) -> list[str]:
    out = np.array([each in refused for each in one.reps.employee_id], dtype=bool)
    order = standing(one, out, POLICY.kept_candidates)
    return [str(one.reps.employee_id[at]) for at in order]


def kept(one: Contest) -> dict[str, Any]:
    """What is stored of the first of the order."""
    return {each: measured(one, one.reps.find(each)) for each in the_first(one)}  # type: ignore[arg-type]


@pytest.mark.spec("LD3.10", "LD3.6")
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 3, 30, 200]), st.booleans())
def test_the_shortlist_holds_whom_the_rules_choose_among_all(seed: int, size: int, crowded: bool) -> None:
    chance = random.Random(seed)
    sheet = Sheet(roster(chance, size, crowded=crowded), POLICY, AT)
    sheet.without_region(POLICY.weights)
    work_on(sheet, chance)
    wanted, circumstances = a_lead(chance, sheet.reps), around(chance)
    everybody = contest(sheet.reps, wanted, circumstances, POLICY)
    refused = {name for name in the_first(everybody) if chance.random() < 0.3}
    out = np.array([each in refused for each in everybody.reps.employee_id], dtype=bool)
    few = shortlist(sheet, wanted, circumstances, np.flatnonzero(out))
    assert the_first(few) == the_first(everybody)
    assert the_first(few, refused) == the_first(everybody, refused)
    assert kept(few) == kept(everybody)
    assert few.band is not None
    assert few.band.tolist() == everybody.reps.number[fair_band(everybody, out)].tolist()
    assert replace(few.survey, refused_by=everybody.survey.refused_by) == everybody.survey


@pytest.mark.spec("LD3.12")
def test_of_a_large_company_only_a_few_are_measured() -> None:
    reps = roster(random.Random(7), 3000, crowded=False)
    lead = Wanted("L1", Grade.A, "", Place(Position(*HANGZHOU), "浙江", "杭州"))
    few = shortlist(Sheet(reps, AssignmentPolicy(), AT), lead, Circumstances(AT, on_shift=True))
    assert 0 < len(few.reps) <= 22


@settings(max_examples=300, deadline=None)
@given(st.floats(-85, 85), st.floats(-180, 180), st.floats(-3, 3), st.floats(-3, 3))
def test_the_great_circle_bounds_the_geodesic(latitude: float, longitude: float, north: float, east: float) -> None:
    here, there = (
        (np.array([latitude]), np.array([longitude])),
        (np.array([latitude + north]), np.array([longitude + east])),
    )
    km = geodesic_km(latitude, longitude, *there)[0]
    low, high = bounds_km(unit_vectors(*there) @ unit_vectors(*here)[0])
    assert low[0] <= km <= high[0]
