"""The split of a package, and what begins and ends a handover (LD10.1)."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.assignment.columns import reps_of
from leads.assignment.input_rules import Reps
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.rules import Place
from leads.handover.message_rules import message
from leads.handover.policy import HandoverPolicy, check_handover
from leads.handover.rules import Cause, Known, cause_of, has_come_back
from leads.handover.split_rules import Bundle, Split, is_below, paths_up, weight
from leads.lead.rules import Grade

POLICY = AssignmentPolicy()
NOWHERE = Place(None, "", "")
HZ1, HZ2, CD1 = "/HQ/EAST/HZ1/", "/HQ/EAST/HZ2/", "/HQ/WEST/CD1/"


def reps(*people: dict[str, Any]) -> Reps:
    plain: dict[str, Any] = {
        "name": "", "number": 0, "status": "active", "unit": HZ1, "team": HZ1, "manager_id": "M1",
        "position": "sales_rep", "duties": ["rep"], "hired_on": None, "latitude": None, "longitude": None,
        "radius_km": 0.0, "province": "", "city": "", "grades": [], "industries": [], "baseline": 0.0, "open_a": 0,
        "open_b": 0, "open_c": 0, "a_day": None, "a_taken": 0, "last_assigned_at": None, "version": 1, "revision": 1,
        "paused_at": None,
    }  # fmt: skip
    return reps_of([SimpleNamespace(**plain | {"number": at} | each) for at, each in enumerate(people)])


def firm(key: str, grade: Grade = Grade.B, opens: tuple[Grade, ...] = (), **changes: Any) -> Bundle:
    return Bundle(key, grade, **({"industry": "", "place": NOWHERE, "opens": opens, "customer": grade} | changes))


def split(of: Reps, package: list[Bundle], **changes: Any) -> Split:
    total = sum(weight(each, POLICY) for each in package)
    return Split(of, ("E1", HZ1), total, POLICY, **({"cap": 1.5, "same_team_first": True} | changes))


def takers(of: Reps, package: list[Bundle], **changes: Any) -> list[str]:
    working = split(of, package, **changes)
    return [choice.employee_id if (choice := working.give(each)) else "" for each in package]


@pytest.mark.spec("LD10.1")
def test_customers_spread_evenly_over_the_team() -> None:
    team = reps(*({"employee_id": f"E{n}"} for n in range(1, 5)))
    given_to = Counter(takers(team, [firm(str(n)) for n in range(300)]))
    assert given_to == {"E2": 100, "E3": 100, "E4": 100}


@pytest.mark.spec("LD10.1", "LD3.2")
def test_who_carries_less_gets_more_until_it_evens_out() -> None:
    team = reps({"employee_id": "E2", "open_a": 6}, {"employee_id": "E3"})
    given_to = Counter(takers(team, [firm(str(n)) for n in range(40)]))
    assert given_to["E3"] > given_to["E2"] > 0


@pytest.mark.spec("LD10.1", "LD3.4")
def test_a_customer_goes_to_whose_region_it_is_in() -> None:
    team = reps({"employee_id": "E2", "city": "杭州"}, {"employee_id": "E3", "city": "宁波"})
    in_ningbo = firm("1", place=Place(None, "", "宁波"))
    assert takers(team, [in_ningbo]) == ["E3"]


@pytest.mark.spec("LD10.1")
def test_the_own_team_comes_first_then_the_region_then_everybody() -> None:
    near, region, far = {"employee_id": "E2"}, {"employee_id": "E3", "unit": HZ2}, {"employee_id": "E4", "unit": CD1}
    busy = {"open_a": 12}
    assert takers(reps(near | busy, region, far), [firm("1")]) == ["E2"], "a customer alone weighs nothing"
    lead = firm("1", opens=(Grade.A,))
    assert takers(reps(near | busy, region, far), [lead]) == ["E3"]
    assert takers(reps(near | busy, region | busy, far), [lead]) == ["E4"]
    assert takers(reps(near | busy, region | busy, far | busy), [lead]) == [""]
    assert takers(reps(near | {"open_a": 4}, region), [firm("1")], same_team_first=False) == ["E3"]


@pytest.mark.spec("LD10.1", "LD4.4", "LD4.5")
@pytest.mark.parametrize(
    "unfit",
    [
        {"status": "departed"}, {"status": "frozen"}, {"status": "on_leave"}, {"status": ""}, {"paused_at": "now"},
        {"duties": ["manager"]}, {"grades": ["A"]}, {"industries": ["医疗"]}, {"employee_id": "E1"},
    ],
)  # fmt: skip
def test_who_may_not_take_it_does_not(unfit: dict[str, Any]) -> None:
    team = reps({"employee_id": "E2"} | unfit)
    assert takers(team, [firm("1", industry="教育")]) == [""]


@pytest.mark.spec("LD10.1", "LD3.9")
@given(
    open_a=st.lists(st.integers(0, 14), min_size=1, max_size=5),
    package=st.lists(st.lists(st.sampled_from(list(Grade)), max_size=4), min_size=1, max_size=30),
)
def test_nobody_is_brought_above_one_and_a_half_and_only_for_that_is_anything_left(
    open_a: list[int], package: list[list[Grade]]
) -> None:
    team = reps(*({"employee_id": f"T{n}", "open_a": count} for n, count in enumerate(open_a)))
    bundles = [firm(str(n), opens=tuple(opens)) for n, opens in enumerate(package)]
    given_to = takers(team, bundles)
    carried = {f"T{n}": float(count) for n, count in enumerate(open_a)}
    for taker, bundle in zip(given_to, bundles, strict=True):
        more = sum(POLICY.grade_weights[each] for each in bundle.opens)
        if not taker:
            assert all(not is_below(1.5, each + more, 8) for each in carried.values())
            continue
        carried[taker] += more
        assert is_below(1.5, carried[taker], 8)


@pytest.mark.spec("LD10.1")
def test_a_plan_holds_while_the_rep_may_take_it_and_a_manager_knows_no_cap() -> None:
    team = reps({"employee_id": "E2", "open_a": 12}, {"employee_id": "E3"})
    lead = firm("1", opens=(Grade.A,))
    assert split(team, [lead]).give_to("E2", lead) is None
    by_hand = split(team, [lead]).give_to("E2", lead, by_hand=True)
    assert by_hand is not None
    assert by_hand.employee_id == "E2"
    assert split(team, [lead]).give_to("E9", lead, by_hand=True) is None


def known(**changes: Any) -> Known:
    plain = {
        "employee_id": "E1", "version": 1, "name": "", "status": "active", "unit": HZ1, "team": HZ1,
        "manager_id": "M1", "position": "sales_rep", "duties": frozenset({"rep"}),
    }  # fmt: skip
    return Known(**(plain | changes))


@pytest.mark.spec("LD10.1")
@pytest.mark.parametrize(
    ("now", "cause"),
    [
        ({"status": "departed"}, Cause.DEPARTED),
        ({"status": "disabled"}, Cause.DISABLED),
        ({"status": "frozen"}, None),
        ({"status": "on_leave"}, None),
        ({"unit": CD1, "manager_id": "M2"}, Cause.MOVED),
        ({"unit": "/HQ/SOUTH/HZ1/"}, None),
        ({"manager_id": "M2"}, None),
        ({"duties": frozenset({"manager"}), "position": "team_manager"}, Cause.MOVED),
        ({}, None),
    ],
)
def test_what_hr_says_begins_a_handover_or_not(now: dict[str, Any], cause: Cause | None) -> None:
    assert cause_of(known(), known(**now)) is cause
    if cause is not None:
        assert not has_come_back(cause, HZ1, "M1", known(**now))
        assert has_come_back(cause, HZ1, "M1", known())


@pytest.mark.spec("LD10.1")
def test_a_unit_and_those_above_it() -> None:
    assert list(paths_up(HZ1)) == [HZ1, "/HQ/EAST/", "/HQ/"]
    assert list(paths_up("")) == []


@pytest.mark.spec("LD10.1")
def test_a_template_speaks_of_what_is_known_and_of_nothing_else() -> None:
    policy = HandoverPolicy(message_zh="{customer}：{giver}→{taker}")
    assert message(policy, "甲", "张", "李")[1] == "甲：张→李"
    for wrong in ("{price}", "{customer.name}", "{customer!r}", "{customer:>9}", "{"):
        (found,) = check_handover(HandoverPolicy(message_en=wrong))
        assert found.field == "body.message_en"
    (late,) = check_handover(HandoverPolicy(move_minutes=130))
    assert late.field == "body.move_minutes"
