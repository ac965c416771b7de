"""Nothing is missing: balances chain, numbers have no hole, and until when that is proved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.feeds.rules import Health, Hole, Standing, judge
from integration.receipts.rules import Balance, Booked, complete_until, continuity

START = datetime(2026, 2, 1, tzinfo=UTC)


def chain(movements: list[int]) -> list[Booked]:
    """Statements 1… with these sums of entries."""
    found, opening = [], 100_000
    for number, moved in enumerate(movements, start=1):
        found.append(Booked(number, opening, opening + moved, moved, START + timedelta(days=number)))
        opening += moved
    return found


movements = st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=12)


@pytest.mark.spec("N2.2")
@given(movements)
def test_a_whole_chain_has_no_hole_and_is_proved_to_its_end(moved: list[int]) -> None:
    whole = chain(moved)
    found = continuity("6222", whole)
    assert found.holes == ()
    assert (found.proved_sequence, found.closing_fen, found.until) == (
        len(moved),
        whole[-1].closing_fen,
        whole[-1].until,
    )


@pytest.mark.spec("N2.2")
@given(movements.filter(lambda each: len(each) > 2), st.data())
def test_a_missing_statement_is_found_although_nothing_failed(moved: list[int], data: st.DataObject) -> None:
    whole = chain(moved)
    gone = data.draw(st.integers(1, len(whole) - 2))
    found = continuity("6222", whole[:gone] + whole[gone + 1 :])
    assert found.proved_sequence == gone
    assert found.until == whole[gone - 1].until
    assert found.holes[0].en.startswith(f"account 6222: statement {gone + 1} missing")


@pytest.mark.spec("N2.2")
@given(movements, st.data(), st.integers(1, 10_000))
def test_an_entry_that_is_missing_shows_in_the_balances(moved: list[int], data: st.DataObject, lost: int) -> None:
    whole = chain(moved)
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[at]
    whole[at] = Booked(broken.sequence, broken.opening_fen, broken.closing_fen, broken.entries_fen - lost, broken.until)
    found = continuity("6222", whole)
    assert found.proved_sequence == at
    assert found.holes == (
        Hole(
            f"account 6222: entries of statement {at + 1} are {lost / 100:,.2f} short of its balances",
            f"账户 6222：第 {at + 1} 号对账单明细与余额相差 {lost / 100:,.2f} 元",
        ),
    )


@pytest.mark.spec("N2.2")
def test_an_opening_that_does_not_follow_is_a_hole() -> None:
    first, second = chain([100, 200])
    moved = Booked(2, second.opening_fen + 1, second.closing_fen + 1, 200, second.until)
    found = continuity("6222", [first, moved])
    assert found.holes[0].en == "account 6222: statement 2 opens 0.01 away from the closing before it"


@pytest.mark.spec("N2.1")
def test_the_balance_of_the_moment_proves_more_than_the_last_statement() -> None:
    found = continuity("6222", chain([100]))
    asked = START + timedelta(days=5)
    assert complete_until(found, Balance(100_100, asked), None) == asked
    assert complete_until(found, Balance(100_101, asked), None) == START + timedelta(days=1)
    assert complete_until(found, Balance(100_101, asked), START + timedelta(days=3)) == START + timedelta(days=3)
    assert complete_until(found, None, None) == START + timedelta(days=1)


@pytest.mark.spec("N2.2")
def test_with_a_hole_the_balance_proves_nothing() -> None:
    first, _, third = chain([100, 0, 50])
    found = continuity("6222", [first, third])
    assert complete_until(found, Balance(third.closing_fen, START + timedelta(days=9)), None) == first.until


@pytest.mark.spec("N2.1")
@pytest.mark.parametrize(
    ("change", "health"),
    [
        ({}, Health.HEALTHY),
        ({"first_run_at": None, "complete_until": None}, Health.NEW),
        ({"complete_until": None}, Health.NEW),
        ({"complete_until": None, "alerted": True}, Health.DEGRADED),
        ({"complete_until": None, "first_run_at": START - timedelta(hours=3)}, Health.DEGRADED),
        ({"failures": 1, "error_class": "timeout"}, Health.DEGRADED),
        ({"failures": 3, "error_class": "timeout"}, Health.DOWN),
        ({"quarantined": 1}, Health.DEGRADED),
        ({"holes": [Hole("a hole", "缺口")]}, Health.DEGRADED),
        ({"complete_until": START - timedelta(hours=3)}, Health.DEGRADED),
        ({"complete_until": START - timedelta(hours=2)}, Health.HEALTHY),
    ],
)
def test_the_health_of_a_feed(change: dict[str, object], health: Health) -> None:
    values = {
        "first_run_at": START, "failures": 0, "error_class": "", "complete_until": START, "holes": [], "quarantined": 0,
    } | change  # fmt: skip
    verdict = judge(Standing(**values), START, timedelta(hours=2), 3)  # type: ignore[arg-type]
    assert verdict.health is health
    assert bool(verdict.en) == bool(verdict.zh) == (health in (Health.DEGRADED, Health.DOWN))
