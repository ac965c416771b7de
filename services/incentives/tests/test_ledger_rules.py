"""The ledger is a function of the facts (I2.4, I2.5): no order of arrival and no repetition changes it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.ledger.rules import (
    Award,
    Booked,
    Earlier,
    EntryKind,
    LedgerDeal,
    Place,
    Post,
    balance,
    canonical,
    difference,
    standing,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, EVERY = 500_00, 7_00


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def deal(key: str, signed: float, cancelled: float | None = None, customer: str = "C1", rep: str = "E1") -> LedgerDeal:
    return LedgerDeal(key, customer, rep, day(signed), None if cancelled is None else day(cancelled))


def paying(deals: Sequence[LedgerDeal]) -> dict[Post, int]:
    """First order of the customer 500, and 7 times the rep's order number."""
    rep = {each.key: each.salesperson_id for each in deals}

    def entitle(key: str, place: Place) -> Mapping[Award, int]:
        first = {Award("first", rep[key]): FIRST} if place.customer_order == 1 else {}
        return {**first, Award("every", rep[key]): EVERY * place.rep_order}

    return canonical(deals, {each.key for each in deals}, entitle)


def firsts(posts: Mapping[Post, int]) -> dict[str, int]:
    return {key: fen for (key, award), fen in standing(posts).items() if award.rule_id == "first" and fen}


@pytest.mark.spec("I2.5")
def test_first_goes_by_signing_time() -> None:
    assert firsts(paying([deal("B", 2), deal("A", 1)])) == {"A": FIRST}


@pytest.mark.spec("I2.5")
def test_a_cancelled_first_order_hands_on_when_it_is_cancelled() -> None:
    posts = paying([deal("A", 1, cancelled=5), deal("B", 2)])
    assert firsts(posts) == {"B": FIRST}
    moved = [
        (post.deal_key, post.effective_at, fen) for post, fen in sorted(posts.items()) if post.award.rule_id == "first"
    ]
    assert moved == [("A", day(1), FIRST), ("A", day(5), -FIRST), ("B", day(5), FIRST)]


@pytest.mark.spec("I2.5")
def test_a_late_older_order_moves_the_bonus_from_the_beginning() -> None:
    known = paying([deal("B", 2)])
    late = difference(paying([deal("B", 2), deal("A", 1)]), known, ())
    moved = {(post.deal_key, post.effective_at): fen for post, fen in late.items() if post.award.rule_id == "first"}
    assert moved == {("A", day(1)): FIRST, ("B", day(2)): -FIRST}


@pytest.mark.spec("I2.4")
def test_orders_signed_at_the_same_instant_are_ranked_by_their_id() -> None:
    assert firsts(paying([deal("B", 1), deal("A", 1)])) == {"A": FIRST}


@pytest.mark.spec("I1.3", "I2.4")
def test_what_could_not_be_run_keeps_what_is_booked() -> None:
    booked = paying([deal("A", 1)])
    assert difference({}, booked, {("A", "first"), ("A", "every")}) == {}
    assert {post.award.rule_id for post in difference({}, booked, {("A", "first")})} == {"every"}


def first_only(key: str, place: Place) -> Mapping[Award, int]:
    return {Award("first", "E"): FIRST} if place.customer_order == 1 else {}


DEALS = st.lists(
    st.builds(
        deal,
        st.sampled_from([f"D{n}" for n in range(8)]),
        st.integers(0, 6),
        st.one_of(st.none(), st.integers(0, 9)),
        st.sampled_from(["C1", "C2"]),
        st.sampled_from(["E1", "E2"]),
    ),
    unique_by=lambda each: each.key,
    max_size=8,
)


def reference(deals: Sequence[LedgerDeal], at: datetime) -> dict[tuple[str, str], int]:
    """Who has earned what by `at`, said plainly: look at the orders that stand then and count."""

    def stands(each: LedgerDeal) -> bool:
        gone = each.cancelled_at is not None and max(each.cancelled_at, each.signed_at) <= at
        return each.signed_at <= at and not gone

    line = sorted((each for each in deals if stands(each)), key=lambda each: (each.signed_at, each.key))
    found: dict[tuple[str, str], int] = defaultdict(int)
    for number, each in enumerate(line):
        before = line[:number]
        if all(other.customer_id != each.customer_id for other in before):
            found["first", each.salesperson_id] += FIRST
        mine = sum(other.salesperson_id == each.salesperson_id for other in before) + 1
        found["every", each.salesperson_id] += EVERY * mine
    return dict(found)


@pytest.mark.spec("I2.4", "I2.5")
@given(DEALS, st.integers(0, 10))
def test_the_balance_at_any_time_is_what_stands_then(deals: list[LedgerDeal], at: int) -> None:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for post, fen in paying(deals).items():
        if post.effective_at <= day(at):
            found[post.award.rule_id, post.award.beneficiary_id] += fen
    assert {key: fen for key, fen in found.items() if fen} == reference(deals, day(at))


@pytest.mark.spec("I2.4")
@given(DEALS, st.data())
def test_no_order_of_arrival_and_no_repetition_changes_the_books(deals: list[LedgerDeal], data: st.DataObject) -> None:
    """Each arrival books recomputed − booked; cancellations come as news of their own."""
    news = [*deals, *(LedgerDeal(d.key, d.customer_id, d.salesperson_id, d.signed_at, None) for d in deals)]
    arrivals = data.draw(st.permutations(news))
    known: dict[str, LedgerDeal] = {}
    books: dict[Post, int] = defaultdict(int)
    for each in [*arrivals, *deals]:
        held = known.get(each.key)
        known[each.key] = held if held is not None and held.cancelled_at and not each.cancelled_at else each
        for post, fen in difference(paying(list(known.values())), books, ()).items():
            books[post] += fen
    assert {post: fen for post, fen in books.items() if fen} == paying(deals)


@pytest.mark.spec("I2.4")
@given(DEALS)
def test_the_neighbours_decide_places_but_only_wanted_deals_are_booked(deals: list[LedgerDeal]) -> None:
    everything = paying(deals)
    for each in deals:
        asked = canonical(
            deals, {each.key}, lambda key, place: {Award("first", "E"): FIRST} if place.customer_order == 1 else {}
        )
        assert {post.deal_key for post in asked} <= {each.key}
        assert sum(asked.values()) == firsts(everything).get(each.key, 0)


@pytest.mark.spec("I2.4", "I2.5")
@given(DEALS, st.integers(0, 7))
def test_who_signed_before_and_still_stands_need_only_be_counted(deals: list[LedgerDeal], since: int) -> None:
    """What the store reads for the newest orders gives what the whole history gives."""
    wanted = {each.key for each in deals if each.signed_at >= day(since)}
    read = [x for x in deals if x.key in wanted or (x.cancelled_at is not None and x.cancelled_at >= day(since))]
    before = [x for x in deals if x.signed_at < day(since) and x.cancelled_at is None]
    earlier = Earlier(Counter(x.customer_id for x in before), Counter(x.salesperson_id for x in before))

    def entitle(_: str, place: Place) -> Mapping[Award, int]:
        return {Award("customer", "E"): place.customer_order, Award("rep", "E"): place.rep_order}

    assert canonical(read, wanted, entitle, earlier) == canonical(deals, wanted, entitle)


@pytest.mark.spec("I2.4")
def test_a_balance_counts_what_took_effect_and_what_was_paid() -> None:
    entries = [
        Booked(EntryKind.EARN, 500, day(1)),
        Booked(EntryKind.CLAW_BACK, -100, day(2)),
        Booked(EntryKind.PAY, -300, day(3)),
        Booked(EntryKind.EARN, 900, day(9)),
    ]
    held = balance(entries, day(3))
    assert (held.earned_fen, held.paid_fen, held.balance_fen) == (400, 300, 100)


@pytest.mark.spec("I2.2", "I2.4")
def test_what_waits_for_a_budget_is_earned_and_not_yet_in_the_balance() -> None:
    entries = [
        Booked(EntryKind.EARN, 500, day(1)),
        Booked(EntryKind.HOLD, -500, day(1)),
        Booked(EntryKind.RELEASE, 200, day(5)),
    ]
    waits, goes = balance(entries, day(4)), balance(entries, day(5))
    assert (waits.earned_fen, waits.held_fen, waits.balance_fen) == (500, 500, 0)
    assert (goes.earned_fen, goes.held_fen, goes.balance_fen) == (500, 300, 200)
