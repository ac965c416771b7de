"""The assignment formula and the order of decision, as the spec writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.assignment import rules
from leads.assignment.choice_rules import Contest, contest, drift, fair_band, is_in_turn_with, standing
from leads.assignment.fair_turn_rules import band_bits, band_numbers
from leads.assignment.geo_rules import geodesic_km
from leads.assignment.input_rules import Circumstances, Reps, Wanted
from leads.assignment.policy import AssignmentPolicy, Weights, check_assignment
from leads.assignment.rules import Place
from leads.lead.rules import Grade, Position

from .assignment_rules_reference import PlainRep, winner

POLICY = AssignmentPolicy()
AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
TODAY = datetime(2026, 3, 10, tzinfo=UTC).toordinal()
HANGZHOU, SHAOXING = (30.25, 120.17), (30.00, 120.58)


def plain(employee_id: str, **changes: Any) -> PlainRep:
    values: dict[str, Any] = {
        "status": "active",
        "rep": True,
        "open_a": 0,
        "open_b": 0,
        "open_c": 0,
        "a_taken_today": 0,
        "centre": None,
        "radius_km": 0.0,
        "city": "杭州",
        "province": "浙江",
        "grades": frozenset(),
        "won": 0,
        "closed": 0,
        "team_rate": 0.2,
        "tenure_days": 1000,
        "owed": 0.0,
        "received": 0.0,
        "last_assigned": 0.0,
    }
    return PlainRep(employee_id, **(values | changes))


def names(values: list[Any]) -> Any:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def columns(plains: list[PlainRep]) -> Reps:
    reps = sorted(plains, key=lambda each: each.employee_id)
    whole = [
        np.array([getattr(each, name) for each in reps], dtype=np.int64) for name in ("open_a", "open_b", "open_c")
    ]
    size, nothing = len(reps), names([""] * len(reps))
    return Reps(
        employee_id=names([each.employee_id for each in reps]),
        name=names([f"员工{each.employee_id}" for each in reps]),
        number=np.arange(size),
        status=names([each.status for each in reps]),
        unit=nothing,
        team=nothing,
        manager_id=nothing,
        position=names(["sales_rep"] * size),
        is_rep=np.array([each.rep for each in reps]),
        hired_on=np.array([TODAY - each.tenure_days for each in reps]),
        latitude=np.array([each.centre[0] if each.centre else np.nan for each in reps]),
        longitude=np.array([each.centre[1] if each.centre else np.nan for each in reps]),
        radius_km=np.array([each.radius_km for each in reps]),
        province=names([each.province for each in reps]),
        city=names([each.city for each in reps]),
        grades=names([each.grades for each in reps]),
        industries=names([frozenset() for _ in reps]),
        limited=np.flatnonzero([bool(each.grades) for each in reps]),
        baseline=np.zeros(size),
        open_a=whole[0],
        open_b=whole[1],
        open_c=whole[2],
        a_day=np.full(size, TODAY),
        a_taken=np.array([each.a_taken_today for each in reps]),
        last_assigned=np.array([each.last_assigned for each in reps]),
        version=np.ones(size, dtype=np.int64),
        revision=np.ones(size, dtype=np.int64),
        paused=np.zeros(size, dtype=bool),
        won=np.array([each.won for each in reps]),
        closed=np.array([each.closed for each in reps]),
        team_rate=np.array([each.team_rate for each in reps]),
        owed={grade: np.array([each.owed for each in reps]) for grade in Grade},
        received={grade: np.array([each.received for each in reps]) for grade in Grade},
    )


def compare(reps: list[PlainRep], grade: Grade = Grade.A, place: Place | None = None, **around: Any) -> Contest:
    wanted = Wanted("L1", grade, "", place or Place(None, "浙江", "杭州"))
    return contest(columns(reps), wanted, Circumstances(AT, on_shift=True) if not around else around["of"], POLICY)


def order(measured: Contest) -> list[str]:
    nobody = np.zeros(len(measured.reps), dtype=bool)
    return [str(measured.reps.employee_id[at]) for at in standing(measured, nobody)]


@pytest.mark.spec("LD3.1")
def test_the_score_is_the_weighted_sum_of_free_load_conversion_and_region() -> None:
    measured = compare([plain("E1", open_a=2, won=6, closed=20)])
    conv_n = ((6 + 2) / 30) / 0.4
    assert measured.score[0] == pytest.approx(0.40 * 0.75 + 0.35 * conv_n + 0.25 * 1, abs=1e-6)


@pytest.mark.spec("LD3.2")
@pytest.mark.parametrize(("weighted", "shown"), [(7.36, 0.92), (3.28, 0.41), (8.0, 1.0), (0.0, 0.0), (7.4, 0.93)])
def test_load_is_shown_with_two_decimals(weighted: float, shown: float) -> None:
    assert rules.load(np.array([weighted]), np.array([8.0]))[0] == shown


@pytest.mark.spec("LD3.2")
def test_open_leads_weigh_by_grade() -> None:
    assert rules.weighted_of(4, 5, 1, POLICY) == pytest.approx(4 + 3 + 0.36)


@pytest.mark.spec("LD3.3")
def test_a_newcomer_starts_at_the_teams_rate() -> None:
    rate = np.array([0.3])
    conv = rules.conversion(np.array([0.0]), np.array([0.0]), rate, 10)
    assert conv[0] == pytest.approx(0.3)
    assert rules.normalised_conversion(conv, rate)[0] == pytest.approx(0.5)


@pytest.mark.spec("LD3.3")
def test_a_team_without_wins_leaves_everybody_in_the_middle() -> None:
    assert rules.normalised_conversion(np.array([0.0]), np.array([0.0]))[0] == 0.5


@pytest.mark.spec("LD3.3")
@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 500), st.integers(1, 500))
def test_normalised_conversion_is_between_0_and_1(won: int, lost: int, team_won: int, team_lost: int) -> None:
    rate = team_won / (team_won + team_lost)
    conv = rules.conversion(np.array([float(won)]), np.array([float(won + lost)]), np.array([rate]), 10)
    assert 0 <= rules.normalised_conversion(conv, np.array([rate]))[0] <= 1


@pytest.mark.spec("LD3.4")
@pytest.mark.parametrize(
    ("distance", "radius", "value"), [(4.9, 0, 1), (15, 10, 1), (25, 0, np.exp(-1)), (65, 20, np.exp(-2)), (3, 50, 1)]
)
def test_region_is_1_near_the_territory_and_decays_beyond(distance: float, radius: float, value: float) -> None:
    assert rules.region_by_distance(np.array([distance]), np.array([radius]), POLICY)[0] == pytest.approx(value)


@pytest.mark.spec("LD3.4")
def test_without_coordinates_the_names_decide() -> None:
    near, far, away = plain("E1"), plain("E2", city="宁波"), plain("E3", city="上海", province="上海")
    assert list(compare([near, far, away]).region) == [1.0, 0.5, 0.0]


@pytest.mark.spec("LD3.4")
def test_with_coordinates_on_both_sides_the_distance_decides() -> None:
    measured = compare(
        [plain("E1", centre=SHAOXING, city="杭州"), plain("E2", centre=None)],
        place=Place(Position(*HANGZHOU), "浙江", "杭州"),
    )
    excess = geodesic(HANGZHOU, SHAOXING).km
    assert measured.region[0] == pytest.approx(np.exp(-(excess - 5) / 20), abs=1e-9)
    assert measured.region[1] == 1.0


@pytest.mark.spec("LD3.4")
@settings(max_examples=100)
@given(st.floats(-60, 60), st.floats(-180, 180), st.floats(-60, 60), st.floats(-180, 180))
def test_columns_measure_the_same_geodesic_as_the_library(a: float, b: float, c: float, d: float) -> None:
    exact = geodesic((a, b), (c, d)).km
    if exact < 19_000:
        assert geodesic_km(a, b, np.array([c]), np.array([d]))[0] == pytest.approx(exact, abs=1e-5)


@pytest.mark.spec("LD3.5")
def test_high_load_weights_come_above_80_percent_and_go_below_75() -> None:
    assert not rules.is_high_load(0.80, False, POLICY)
    assert rules.is_high_load(0.81, False, POLICY)
    assert rules.is_high_load(0.75, True, POLICY)
    assert not rules.is_high_load(0.749, True, POLICY)
    assert not rules.is_high_load(0.78, False, POLICY)


@pytest.mark.spec("LD3.5")
def test_mean_load_counts_active_reps_of_the_grade_each_capped_at_1() -> None:
    measured = compare(
        [
            plain("E1", open_a=12),
            plain("E2", open_a=4),
            plain("E3", status="departed"),
            plain("E4", grades=frozenset({"C"})),
            plain("M1", rep=False),
        ]
    )
    assert measured.survey.mean_load == pytest.approx(0.75)


@pytest.mark.spec("LD3.5")
def test_under_high_load_the_weights_are_60_23_17() -> None:
    measured = compare([plain("E1", open_a=7), plain("E2", open_a=7)])
    assert measured.survey.high_load
    weights = measured.survey.weights
    assert (weights.load, weights.conversion, weights.region) == (0.60, 0.2333, 0.1667)


@pytest.mark.spec("LD3.6", "LD4.4")
@pytest.mark.parametrize(
    ("changes", "filter"),
    [
        ({"rep": False}, "not_a_rep"),
        ({"status": "departed"}, "inactive"),
        ({"status": "disabled"}, "inactive"),
        ({"status": "frozen"}, "inactive"),
        ({"status": "on_leave"}, "on_leave"),
        ({"grades": frozenset({"B", "C"})}, "grade"),
        ({"open_a": 8}, "load"),
        ({"open_a": 7, "open_c": 1}, "load"),
        ({"a_taken_today": 8}, "a_today"),
    ],
)
def test_each_hard_filter_takes_out_its_own(changes: dict[str, Any], filter: str) -> None:
    measured = compare([plain("E1", **changes), plain("E2")])
    assert measured.survey.filtered == {filter: 1}
    assert order(measured) == ["E2"]


@pytest.mark.spec("LD3.6")
def test_off_shift_nobody_is_a_candidate() -> None:
    measured = compare([plain("E1")], of=Circumstances(AT, on_shift=False))
    assert measured.survey.filtered == {"off_shift": 1}
    assert order(measured) == []


@pytest.mark.spec("LD3.6")
def test_within_the_band_the_one_owed_most_wins_then_who_waited_longest_then_the_id() -> None:
    equals = [plain("E1", last_assigned=5.0), plain("E2", last_assigned=3.0), plain("E3", owed=2.0, received=1.5)]
    assert order(compare(equals)) == ["E3", "E2", "E1"]
    assert order(compare([replace(each, owed=0.0, received=0.0, last_assigned=1.0) for each in equals])) == [
        "E1",
        "E2",
        "E3",
    ]


@pytest.mark.spec("LD3.6")
def test_outside_the_band_the_score_decides_whatever_is_owed() -> None:
    behind = plain("E2", open_a=1, owed=99.0)  # 0.40 × 0.125 = 0.05 below
    assert order(compare([plain("E1"), behind])) == ["E1", "E2"]


@pytest.mark.spec("LD3.6")
def test_newcomers_get_their_tenth_of_the_a_leads() -> None:
    old, new = plain("E1"), plain("E2", tenure_days=89, city="上海", province="上海")
    due = Circumstances(AT, on_shift=True, a_given=10, a_to_newcomers=0)
    assert order(compare([old, new], of=due)) == ["E2"]
    assert order(compare([old, new], of=replace(due, a_to_newcomers=1))) == ["E1", "E2"]
    assert order(compare([old, new], of=replace(due, a_given=9))) == ["E1", "E2"]
    assert order(compare([old, replace(new, tenure_days=90)], of=due)) == ["E1", "E2"]


@pytest.mark.spec("LD3.6")
def test_the_quota_never_leaves_a_lead_without_candidates() -> None:
    due = Circumstances(AT, on_shift=True, a_given=10, a_to_newcomers=0)
    assert order(compare([plain("E1"), plain("E2", tenure_days=10, open_a=8)], of=due)) == ["E1"]


@pytest.mark.spec("LD3.9", "LD3.6")
def test_who_was_given_leads_meanwhile_stays_in_turn_within_the_fair_band() -> None:
    """An A lead more costs 0.05, the band is 0.10; one that nobody comes near may have more."""
    equals = compare([plain("E1"), plain("E2")])
    nobody = np.zeros(2, dtype=bool)
    assert is_in_turn_with(equals, nobody, 0, weighted=2.0, baseline=8)
    assert not is_in_turn_with(equals, nobody, 0, weighted=2.36, baseline=8)
    assert is_in_turn_with(equals, np.array([False, True]), 0, weighted=7.0, baseline=8), "the other was refused"
    apart = compare([plain("E1"), plain("E2", city="广州", province="广东")])
    assert is_in_turn_with(apart, nobody, 0, weighted=6.0, baseline=8)
    assert not is_in_turn_with(apart, nobody, 0, weighted=7.36, baseline=8)


@pytest.mark.spec("LD3.7")
def test_everybody_within_a_tenth_of_the_best_is_owed_a_share() -> None:
    measured = compare([plain("E1"), plain("E2", open_a=2), plain("E3", open_a=3)])
    band = fair_band(measured, np.zeros(3, dtype=bool))
    assert [str(measured.reps.employee_id[at]) for at in band] == ["E1", "E2"]


@pytest.mark.spec("LD3.7")
def test_drift_is_judged_from_five_owed_on() -> None:
    assert drift(4.9, 0, POLICY) is None
    assert drift(8, 10, POLICY) == pytest.approx(0.25)


@given(st.lists(st.integers(0, 500), unique=True, max_size=50))
def test_a_band_survives_its_storage(numbers: list[int]) -> None:
    kept = np.array(sorted(numbers), dtype=np.int64)
    assert list(band_numbers(band_bits(kept))) == sorted(numbers)


REPS = st.lists(
    st.builds(
        plain,
        st.from_regex(r"E[0-9]{3}", fullmatch=True),
        status=st.sampled_from(["active", "active", "active", "on_leave", "frozen", "departed"]),
        rep=st.sampled_from([True, True, True, False]),
        open_a=st.integers(0, 9),
        open_b=st.integers(0, 5),
        open_c=st.integers(0, 5),
        a_taken_today=st.integers(0, 9),
        centre=st.sampled_from([None, HANGZHOU, SHAOXING, (31.2, 121.5)]),
        radius_km=st.sampled_from([0.0, 5.0, 30.0]),
        city=st.sampled_from(["杭州", "宁波", ""]),
        province=st.sampled_from(["浙江", "上海", ""]),
        grades=st.sampled_from([frozenset(), frozenset({"A"}), frozenset({"B", "C"})]),
        won=st.integers(0, 5),
        closed=st.integers(5, 20),
        team_rate=st.sampled_from([0.0, 0.1, 0.35]),
        owed=st.sampled_from([0.0, 0.5, 2.25]),
        received=st.sampled_from([0.0, 1.0]),
        last_assigned=st.sampled_from([0.0, 10.0, 20.0]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda each: each.employee_id,
)


@pytest.mark.spec("LD3.6", "LD3.10")
@settings(max_examples=150, deadline=None)
@given(
    REPS,
    st.sampled_from(list(Grade)),
    st.sampled_from([None, HANGZHOU, (30.9, 121.0)]),
    st.sampled_from(["杭州", "宁波", ""]),
    st.booleans(),
)
def test_the_columns_choose_whom_the_formula_chooses_rep_by_rep(
    reps: list[PlainRep], grade: Grade, position: tuple[float, float] | None, city: str, was_high: bool
) -> None:
    place = Place(Position(*position) if position else None, "浙江", city)
    wanted = Wanted("L1", grade, "", place)
    measured = contest(columns(reps), wanted, Circumstances(AT, on_shift=True, high_load_before=was_high), POLICY)
    chosen = order(measured)
    assert (chosen[0] if chosen else None) == winner(reps, grade.value, position, city, "浙江", was_high)


def test_a_policy_that_makes_no_sense_is_named_field_by_field() -> None:
    wrong = POLICY.model_copy(update={"weights": Weights(load=0.5, conversion=0.5, region=0.5), "high_load_until": 0.9})
    assert [each.field for each in check_assignment(wrong)] == ["body.weights", "body.high_load_until"]
    assert check_assignment(POLICY) == []
