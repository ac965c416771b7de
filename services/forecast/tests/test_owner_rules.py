"""Where a deal belongs after its customer changed hands, however the words come (LD10.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.ownership.rules import Holder, OwnerChange, steps

DAY = datetime(2026, 3, 2, 2, tzinfo=UTC)
OWNERS = ("E1", "E2", "E3", "")


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def change(before: str, after: str, hour: float, handover_id: str = "H1") -> OwnerChange:
    return OwnerChange("K1", before, after, f"/{after}/", handover_id, at(hour))


def ends(holder: Holder, *changes: OwnerChange) -> str:
    for step in steps(holder, changes):
        holder = step.after
    return holder.owner_id


def mine(owner: str, since: float = 0, came_from: str = "") -> Holder:
    return Holder(owner, "/", at(since), came_from)


@pytest.mark.spec("LD10.1")
def test_the_deal_goes_where_its_customer_goes() -> None:
    assert ends(mine("E1"), change("E1", "E2", 1), change("E2", "E3", 2)) == "E3"


@pytest.mark.spec("LD10.1")
def test_a_deal_of_somebody_else_stays() -> None:
    assert ends(mine("E9"), change("E1", "E2", 1)) == "E9"


@pytest.mark.spec("LD10.1")
def test_a_deal_that_came_to_its_owner_later_than_the_word_stays() -> None:
    assert ends(mine("E1", since=2), change("E1", "E2", 1)) == "E1"


@pytest.mark.spec("LD10.1")
def test_nobody_gets_nothing_until_somebody_has_the_customer_again() -> None:
    assert ends(mine("E1"), change("E1", "", 1)) == "E1"
    assert ends(mine("E1"), change("E1", "", 1), change("", "E2", 2)) == "E2"
    assert ends(mine("E9"), change("E1", "", 1), change("", "E2", 2)) == "E9"


@pytest.mark.spec("LD10.1")
@pytest.mark.parametrize(("by", "stays"), [("", "E2"), ("H2", "E1")])
def test_on_the_way_back_the_one_in_between_keeps_what_was_theirs_unless_they_leave(by: str, stays: str) -> None:
    there, back = change("E1", "E2", 1), change("E2", "E1", 2, handover_id=by)
    assert ends(mine("E1"), there, back) == "E1"
    assert ends(mine("E2", since=1, came_from="E1"), there, back) == "E1"
    assert ends(mine("E2"), there, back) == stays


@pytest.mark.spec("LD10.1")
@given(st.lists(st.sampled_from(OWNERS), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_late_or_twice_it_ends_where_the_customer_is(way: list[str], chance: object) -> None:
    chain = [change(one, other, hour) for hour, (one, other) in enumerate(pairwise(way), 1) if one != other]
    told = [*chain, *chain]
    chance.shuffle(told)  # type: ignore[attr-defined]
    known: list[OwnerChange] = []
    holder = mine("E1")
    for word in told:
        known = sorted({*known, word}, key=lambda each: each.at)
        for step in steps(holder, known):
            holder = step.after
    gives = [each.at for each in chain if each.before == "E1"]
    last = next((each.after for each in reversed(chain) if each.after), "")
    followed = bool(gives) and any(each.after and each.at >= gives[0] for each in chain)
    assert holder.owner_id == (last if followed else "E1")
