"""Deals of two records of one customer are shown as the one's that goes on (LD1.4)."""

from __future__ import annotations

from itertools import permutations

import pytest

from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts, CustomerMerged, CustomerUnmerged

from .conftest import Desk


def known(desk: Desk, customer_id: str, name: str) -> None:
    facts = CustomerFacts(customer_id=customer_id, version=1, name=name)
    deliver(desk.service, CustomerCreated(customer_id=customer_id, customer=facts))


def deals(desk: Desk, customer_id: str) -> dict[str, tuple[str, str]]:
    """Deal → customer and name."""
    answer = desk.deals(as_hq()).ListOpportunities(pb.ListOpportunitiesRequest(customer_id=customer_id))
    return {each.opportunity_id: (each.customer_id, each.customer_name) for each in answer.opportunities}


@pytest.mark.spec("LD1.4")
def test_deals_of_both_are_the_one_s_that_goes_on_until_they_are_parted(desk: Desk) -> None:
    kept, other = new_id(), new_id()
    known(desk, kept, "杭州第一医院")
    known(desk, other, "杭州一院")
    one = desk.open(customer_id=kept, customer_name="杭州第一医院")
    two = desk.open(customer_id=other, customer_name="杭州一院")
    apart = {one: (kept, "杭州第一医院")}, {two: (other, "杭州一院")}
    assert (deals(desk, kept), deals(desk, other)) == apart
    deliver(desk.service, CustomerMerged(merged_id=other, kept_id=kept, version=2), times=2)
    both = dict.fromkeys((one, two), (kept, "杭州第一医院"))
    assert deals(desk, kept) == deals(desk, other) == both
    assert desk.get(two).customer_name == "杭州第一医院"
    deliver(desk.service, CustomerUnmerged(merged_id=other, kept_id=kept, version=3))
    assert (deals(desk, kept), deals(desk, other)) == apart


@pytest.mark.spec("LD1.4")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_word_counts_in_whatever_order_they_come(desk: Desk, order: tuple[int, ...]) -> None:
    kept, other, last = new_id(), new_id(), new_id()
    deal = desk.open(customer_id=other)
    told = [
        CustomerMerged(merged_id=other, kept_id=kept, version=2),
        CustomerUnmerged(merged_id=other, kept_id=kept, version=3),
        CustomerMerged(merged_id=other, kept_id=last, version=4),
    ]
    for each in order:
        deliver(desk.service, told[each])
    known(desk, last, "杭州市第一医院")
    assert deals(desk, last) == {deal: (last, "杭州市第一医院")}
    assert deals(desk, kept) == {}
