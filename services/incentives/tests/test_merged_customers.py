"""Orders of two records of one customer count together from the merge on; what was settled stays (LD1.4, I1.1)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc
from closeloop.leads.v1.events_pb2 import CustomerFacts, CustomerMerged, CustomerUnmerged, CustomerUpdated
from incentives.ledger.rules import Award, Earlier, LedgerDeal, Place, canonical
from incentives.ledger.rules import standing as stands
from incentives.roster.merge_rules import Merge, Merges
from incentives.roster.rules import Customer, bearer_at

from .models import expression
from .terms_world import publish_terms
from .world import SIGNED, fire_clocks, order, slips, standing

R = "place"
HOUR = timedelta(hours=1)
START = SIGNED - 12 * HOUR


def at(hour: float) -> datetime:
    return START + hour * HOUR


def signed(number: int, customer: str, hour: float, **changes: Any) -> Any:
    """CL-<number>."""
    return order(f"SO-{number}", contract=f"CL-{number}", fen=1_000_00, customer=customer, signed=at(hour), **changes)


def merged(merged_id: str = "id-C1", into: str = "id-C2", hour: float = 3, version: int = 2) -> CustomerMerged:
    word = CustomerMerged(merged_id=merged_id, kept_id=into, version=version)
    word.merged_at.FromDatetime(at(hour))
    return word


def parted(hour: float, version: int = 3) -> CustomerUnmerged:
    word = CustomerUnmerged(merged_id="id-C1", kept_id="id-C2", version=version)
    word.unmerged_at.FromDatetime(at(hour))
    return word


@pytest.fixture
def placed(rpc: Rpc, staffed: Service) -> Service:
    """Each order gives as many fen as its place among those of its customer."""
    publish_terms(rpc, staffed, R, {}, model=expression("string(history.customerOrderNumber)"))
    return staffed


def places(rpc: Rpc, service: Service) -> dict[str, int]:
    fire_clocks(service)
    return {deal_key: fen for deal_key, _, _, fen in standing(rpc, service)}


@pytest.mark.spec("LD1.4", "I1.1", "I2.4")
def test_who_orders_under_the_other_record_after_the_merge_is_no_new_customer(rpc: Rpc, placed: Service) -> None:
    deliver(placed, signed(1, "C1", 1), signed(2, "C2", 2), merged(hour=3), signed(3, "C2", 4), signed(4, "C1", 5))
    assert places(rpc, placed) == {"CL-1": 1, "CL-2": 1, "CL-3": 3, "CL-4": 4}


@pytest.mark.spec("LD1.4", "I2.5")
@pytest.mark.parametrize("order_of_words", list(permutations(range(4))))
def test_whatever_is_told_first_the_books_are_the_same(
    rpc: Rpc, placed: Service, order_of_words: tuple[int, ...]
) -> None:
    words = [signed(1, "C1", 1), merged(hour=3), signed(2, "C2", 4), parted(hour=6)]
    for each in order_of_words:
        deliver(placed, words[each], times=2)
    deliver(placed, signed(3, "C2", 7), signed(4, "C1", 8))
    assert places(rpc, placed) == {"CL-1": 1, "CL-2": 2, "CL-3": 2, "CL-4": 2}, "signed in between stays as it was"


@pytest.mark.spec("LD1.4", "I2.4")
def test_a_merge_rewrites_nothing_that_was_settled(rpc: Rpc, placed: Service) -> None:
    """Nor does a later change of such an order, although another customer bears its number by then."""
    deliver(placed, signed(1, "C2", 1), signed(2, "C1", 2))
    before = [each.slip_id for each in slips(rpc, placed)]
    given_on = CustomerFacts(customer_id="id-C1", version=2, name="市一医院", customer_class="KA")
    taken = CustomerFacts(customer_id="id-C2", version=2, customer_code="C1", name="市一医院", customer_class="KA")
    told = [CustomerUpdated(customer_id=each.customer_id, customer=each) for each in (given_on, taken)]
    deliver(placed, *told, merged(hour=3))
    assert places(rpc, placed) == {"CL-1": 1, "CL-2": 1}
    deliver(placed, order("SO-2", contract="CL-2", version=2, fen=2_000_00, customer="C1", signed=at(2)))
    assert places(rpc, placed) == {"CL-1": 1, "CL-2": 1}
    assert [each.slip_id for each in slips(rpc, placed)] == before, "no slip was taken back or made anew"


@pytest.mark.spec("LD1.4", "I2.5")
def test_an_order_of_the_other_record_that_is_cancelled_gives_its_place_up(rpc: Rpc, placed: Service) -> None:
    deliver(placed, signed(1, "C1", 1), merged(hour=3), signed(2, "C2", 4, rep="E2"))
    assert places(rpc, placed) == {"CL-1": 1, "CL-2": 2}
    deliver(placed, signed(1, "C1", 1, version=2, cancelled=at(5)))
    assert places(rpc, placed) == {"CL-2": 1}


# -- the rules alone -------------------------------------------------------------------------------------------------

RECORDS = ("A", "B", "C")
ROOT = "C"
REPS = st.sampled_from(["E1", "E2"])


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[LedgerDeal], Merges]:
    """Up to eight orders of three records, and when A and B became, and ceased to be, C."""
    told = []
    for record in RECORDS[:2]:
        hours = sorted(draw(st.sets(st.integers(0, 8), max_size=3)))
        told += [Merge(record, n, None if n % 2 else ROOT, at(hour)) for n, hour in enumerate(hours)]
    merges = Merges(told)
    made = st.tuples(st.sampled_from(RECORDS), REPS, st.integers(0, 8), st.none() | st.integers(0, 8))
    deals = []
    for number, (record, rep, hour, gone) in enumerate(draw(st.lists(made, max_size=8))):
        whole = merges.whole_at(record, at(hour))
        cancelled = None if gone is None else at(gone)
        deals.append(LedgerDeal(f"D{number}", whole, rep, at(hour), cancelled, merges.one_at(whole, at(hour))))
    return deals, merges


def place(_: str, place: Place) -> dict[Award, int]:
    return {Award("place", "E1"): place.customer_order}


@pytest.mark.spec("LD1.4", "I2.4")
@given(stories())
def test_places_are_what_counting_gives(story: tuple[list[LedgerDeal], Merges]) -> None:
    deals, merges = story
    left = sorted((each for each in deals if each.cancelled_at is None), key=lambda each: (each.signed_at, each.key))
    wanted = {
        each.key: 1 + sum(other.customer_id in merges.one_at(each.customer_id, each.signed_at) for other in left[:n])
        for n, each in enumerate(left)
    }
    found = {key: fen for (key, _), fen in stands(canonical(deals, {d.key for d in deals}, place)).items() if fen}
    assert found == wanted


@pytest.mark.spec("LD1.4", "I2.4")
@given(stories(), st.integers(0, 8))
def test_what_was_signed_before_may_be_counted_alone(story: tuple[list[LedgerDeal], Merges], hour: int) -> None:
    deals = [each for each in story[0] if each.cancelled_at is None]
    wanted = {each.key for each in deals if each.signed_at >= at(hour)}
    before = Counter(each.customer_id for each in deals if each.key not in wanted)
    seen = [each for each in deals if each.key in wanted]
    earlier = Earlier(before)
    assert canonical(seen, wanted, place, earlier) == canonical(deals, wanted, place)


def facts(customer_id: str, version: int, hour: float, code: str) -> Customer:
    return Customer(customer_id, version, at(hour), code, "", "", "", "")


@pytest.mark.spec("I1.1", "LD1.4")
@pytest.mark.parametrize(("hour", "bearer"), [(0, "M"), (2, "M"), (4, "K"), (9, "K")])
def test_a_number_is_whose_it_was_at_signing(hour: float, bearer: str) -> None:
    told = {
        "M": [facts("M", 1, 1, "X"), facts("M", 9, 3, "")],
        "K": [facts("K", 1, 0, ""), facts("K", 2, 3, "X"), facts("K", 3, 8, "X")],
    }
    assert bearer_at(told, "X", at(hour)) == bearer
    assert bearer_at(told, "Y", at(hour)) is None
