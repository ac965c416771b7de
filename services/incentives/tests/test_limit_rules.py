"""Caps of a month and budgets go by the order of signing, at any time (I2.2, I2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incentives.ledger.limit_rules import Claim, Demand, Running, Used, cut, end, hold
from incentives.rule_library.terms_rules import Caps

START = datetime(2026, 3, 1, tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def claim(key: str, signed: int, caps: Caps, shares: Mapping[str, Mapping[int, int]]) -> Claim:
    steps = {who: {day(at): fen for at, fen in each.items()} for who, each in shares.items()}
    return Claim(key, "r", day(signed), caps, steps)


def ends(claims: Sequence[Claim]) -> list[dict[str, int]]:
    return [{who: end(steps) for who, steps in each.steps.items()} for each in cut(claims, Used())]


@pytest.mark.spec("I2.2")
def test_a_persons_cap_cuts_the_later_order_and_leaves_others_alone() -> None:
    caps = Caps(per_person_month=100)
    claims = [
        claim("A", 1, caps, {"E1": {1: 80}}), claim("B", 2, caps, {"E1": {2: 50}, "E2": {2: 50}}),
        claim("C", 3, caps, {"E1": {3: 9}}),
    ]  # fmt: skip
    found = list(cut(claims, Used()))
    assert [{who: end(steps) for who, steps in each.steps.items()} for each in found] == [
        {"E1": 80}, {"E1": 20, "E2": 50}, {},
    ]  # fmt: skip
    assert (found[1].cuts["E1"].share, found[1].cuts["E1"].after_person) == (50, 20)
    assert "E2" not in found[1].cuts


@pytest.mark.spec("I2.2")
def test_what_the_rules_cap_leaves_of_an_order_is_shared_like_the_order() -> None:
    caps = Caps(per_month=100)
    assert ends([claim("A", 1, caps, {"E1": {1: 90}}), claim("B", 2, caps, {"E1": {2: 70}, "E2": {2: 30}})]) == [
        {"E1": 90},
        {"E1": 7, "E2": 3},
    ]


@pytest.mark.spec("I2.2", "I2.4")
def test_a_cancellation_gives_its_room_to_later_orders_from_its_own_time_on() -> None:
    caps = Caps(per_person_month=100)
    claims = [claim("A", 1, caps, {"E1": {1: 80, 5: -80}}), claim("B", 2, caps, {"E1": {2: 60}})]
    assert [each.steps for each in cut(claims, Used())] == [
        {"E1": {day(1): 80, day(5): -80}},
        {"E1": {day(2): 20, day(5): 40}},
    ]


@pytest.mark.spec("I2.2", "I2.4")
def test_a_cancellation_frees_the_cap_of_the_rule_for_everybody() -> None:
    caps = Caps(per_month=100)
    claims = [claim("A", 1, caps, {"E1": {1: 80, 5: -80}}), claim("B", 2, caps, {"E2": {2: 60}})]
    assert [each.steps for each in cut(claims, Used())][1] == {"E2": {day(2): 20, day(5): 40}}


def demand(key: str, signed: int, steps: Mapping[int, int]) -> Demand:
    return Demand(key, "r", day(signed), {"E1": {day(at): fen for at, fen in steps.items()}})


def held(demands: Sequence[Demand], *budget: tuple[int, int]) -> list[dict[datetime, int]]:
    amounts = [(BEGINNING if at < 0 else day(at), fen) for at, fen in budget]
    return [dict(each.steps.get("E1", {})) for each in hold(demands, amounts, Running())]


@pytest.mark.spec("I2.2")
def test_who_does_not_fit_waits_whole_and_nobody_overtakes() -> None:
    demands = [demand("A", 1, {1: 80}), demand("B", 2, {2: 50}), demand("C", 3, {3: 5})]
    assert held(demands, (-1, 100)) == [{}, {day(2): 50}, {day(3): 5}]


@pytest.mark.spec("I2.2")
def test_a_raise_lets_go_in_the_order_of_signing_when_it_holds() -> None:
    demands = [demand("A", 1, {1: 80}), demand("B", 2, {2: 50}), demand("C", 3, {3: 5})]
    assert held(demands, (-1, 100), (6, 130)) == [{}, {day(2): 50, day(6): -50}, {day(3): 5}]
    assert held(demands, (-1, 100), (6, 135)) == [{}, {day(2): 50, day(6): -50}, {day(3): 5, day(6): -5}]


@pytest.mark.spec("I2.2")
def test_a_cancellation_that_frees_money_lets_go_too() -> None:
    demands = [demand("A", 1, {1: 80, 4: -80}), demand("B", 2, {2: 50}), demand("C", 3, {3: 60})]
    assert held(demands, (-1, 100)) == [{}, {day(2): 50, day(4): -50}, {day(3): 60}]


@pytest.mark.spec("I2.2")
def test_the_people_of_an_order_wait_together() -> None:
    both = Demand("A", "r", day(1), {"E1": {day(1): 60}, "E2": {day(1): 60}})
    (found,) = hold([both], [(BEGINNING, 100)], Running())
    assert found.steps == {"E1": {day(1): 60}, "E2": {day(1): 60}}
    assert found.is_held


STEPS = st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 9)))
CAP = st.one_of(st.integers(1, 120), st.none())


@st.composite
def months(draw: st.DrawFn) -> list[Claim]:
    """Orders of one rule and month, in canonical order; some are cancelled. Versions of the rule cap differently."""
    claims = []
    versions = [Caps(None, draw(CAP), draw(CAP)) for _ in range(2)]
    for at, signed in enumerate(sorted(draw(st.lists(st.integers(0, 6), min_size=1, max_size=6)))):
        gone = draw(st.one_of(st.none(), st.integers(0, 9)))
        shares = {}
        for who in draw(st.sets(st.sampled_from(["E1", "E2", "E3"]), min_size=1)):
            fen = draw(st.integers(1, 60))
            shares[who] = {signed: fen} if gone is None or gone <= signed else {signed: fen, gone: -fen}
        claims.append(claim(f"D{at}", signed, draw(st.sampled_from(versions)), shares))
    return claims


def at_time(steps: Mapping[str, Mapping[datetime, int]], at: datetime) -> dict[str, int]:
    found = {who: sum(fen for when, fen in each.items() if when <= at) for who, each in steps.items()}
    return {who: fen for who, fen in found.items() if fen}


def plainly_cut(claims: Sequence[Claim], at: datetime) -> list[dict[str, int]]:
    """Said plainly: of what stands then, the earlier takes its room first."""
    people: dict[str, int] = {}
    everybody, found = 0, []
    for each in claims:
        part = at_time(each.shares, at)
        if each.caps.per_person_month is not None:
            part = {who: max(0, min(fen, each.caps.per_person_month - people.get(who, 0))) for who, fen in part.items()}
        whole = sum(part.values())
        if whole and each.caps.per_month is not None and everybody + whole > each.caps.per_month:
            room = max(0, each.caps.per_month - everybody)
            ordered = sorted(part.items(), key=lambda x: (-((room * x[1]) % whole), x[0]))
            cut_down = {who: room * fen // whole for who, fen in part.items()}
            for who, _ in ordered[: room - sum(cut_down.values())]:
                cut_down[who] += 1
            part = cut_down
        for who, fen in part.items():
            people[who] = people.get(who, 0) + fen
        everybody += sum(part.values())
        found.append({who: fen for who, fen in part.items() if fen})
    return found


@pytest.mark.spec("I2.2", "I2.4")
@settings(max_examples=400)
@given(months(), st.integers(0, 10))
def test_what_is_granted_at_any_time_is_what_the_orders_that_stand_then_leave(claims: list[Claim], at: int) -> None:
    assert [at_time(each.steps, day(at)) for each in cut(claims, Used())] == plainly_cut(claims, day(at))


@pytest.mark.spec("I2.2")
@given(months(), st.data())
def test_looking_only_from_the_first_change_on_gives_the_same(claims: list[Claim], data: st.DataObject) -> None:
    """What is before it is one running amount, folded to its place as the database folds it."""
    whole = list(cut(claims, Used()))
    first = data.draw(st.integers(0, len(claims)))
    used = Used()
    for each in whole[:first]:
        mark = claims[first].signed_at if first < len(claims) else START
        folded: dict[str, dict[datetime, int]] = {who: {} for who in each.steps}
        for who, steps in each.steps.items():
            for when, fen in steps.items():
                folded[who][max(when, mark)] = folded[who].get(max(when, mark), 0) + fen
        used.add(folded)
    assert list(cut(claims[first:], used)) == whole[first:]


AMOUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 200)), max_size=3, unique_by=lambda each: each[0])


@pytest.mark.spec("I2.2", "I2.4")
@given(months(), st.integers(0, 150), AMOUNTS, st.integers(0, 10))
def test_what_is_held_at_any_time_is_what_does_not_fit_in_the_order_of_signing(
    claims: list[Claim], base: int, raises: list[tuple[int, int]], at: int
) -> None:
    budget = [(BEGINNING, base), *((day(when), fen) for when, fen in sorted(raises))]
    amount = [fen for when, fen in budget if when <= day(at)][-1]
    demands = [Demand(each.deal_key, "r", each.signed_at, each.shares) for each in claims]
    found = [at_time(each.steps, day(at)) for each in hold(demands, budget, Running())]
    left, blocked = amount, False
    for each, waits in zip(claims, found, strict=True):
        wanted = at_time(each.shares, day(at))
        blocked = blocked or sum(wanted.values()) > left
        assert waits == (wanted if blocked else {})
        left -= 0 if blocked else sum(wanted.values())
