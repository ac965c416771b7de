"""What was done with two records of one customer is found under either, and apart again after parting (LD1.4)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from chassis.errors import NotFound
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from closeloop.activity.v1.call_service_pb2 import ListCallsRequest
from closeloop.activity.v1.call_service_pb2_grpc import CallServiceStub
from closeloop.activity.v1.conversation_service_pb2 import ListArchivesRequest
from closeloop.activity.v1.conversation_service_pb2_grpc import ConversationServiceStub
from closeloop.activity.v1.follow_up_service_pb2 import FollowUp, ListFollowUpsRequest
from closeloop.leads.v1.events_pb2 import CustomerMerged, CustomerUnmerged, LeadConverted

from .conftest import HZ1, World
from .test_calls import door as calls
from .test_calls import report
from .test_follow_ups import door, first_visit

MERGED = CustomerMerged(merged_id="C1", kept_id="C2", version=2)
PARTED = CustomerUnmerged(merged_id="C1", kept_id="C2", version=3)


@pytest.fixture
def both(world: World) -> World:
    """C1 of E1, which was the lead L1, and C2 of E2."""
    world.hire("E1")
    world.assign()
    world.customer("C1", "E1")
    world.customer("C2", "E2")
    converted = LeadConverted(lead_id="L1", customer_id="C1", customer_name="杭州某校", owner_id="E1", unit=HZ1)
    deliver(world.service, converted)
    return world


def found(world: World, customer_id: str) -> tuple[list[str], int, int]:
    """Customers of its follow-ups, newest first; how many calls and archives it has."""
    seen = world.as_(as_hq())
    return (
        [each.customer_id for each in listed(world, customer_id)],
        len(CallServiceStub(seen).ListCalls(ListCallsRequest(customer_id=customer_id)).calls),
        len(ConversationServiceStub(seen).ListArchives(ListArchivesRequest(customer_id=customer_id)).archives),
    )


def listed(world: World, customer_id: str) -> list[FollowUp]:
    return list(door(world, as_hq()).ListFollowUps(ListFollowUpsRequest(customer_id=customer_id)).follow_ups)


@pytest.mark.spec("LD1.4", "A1.1", "A3.1", "A5.1")
def test_records_of_both_are_found_under_either_until_they_are_parted(both: World, chat: Callable) -> None:
    room = chat()
    room.customer("你好，预算六十万左右。")
    room.rep("#归档 已报价")
    calls(both).RecordCall(report(both))
    door(both).RecordFollowUp(first_visit(lead_id="", customer_id="C1"))
    door(both, as_rep("E2", HZ1)).RecordFollowUp(first_visit(lead_id="", customer_id="C2"))
    apart = (["C1", "C1"], 1, 1), (["C2"], 0, 0)
    assert (found(both, "C1"), found(both, "C2")) == apart

    deliver(both.service, MERGED, times=2)
    assert found(both, "C1") == found(both, "C2") == (["C2", "C1", "C1"], 1, 1), "each keeps whom it was made with"
    deliver(both.service, PARTED)
    assert (found(both, "C1"), found(both, "C2")) == apart


@pytest.mark.spec("LD1.4")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_word_counts_in_whatever_order_they_come(both: World, order: tuple[int, ...]) -> None:
    both.customer("C3", "E3")
    door(both).RecordFollowUp(first_visit(lead_id="", customer_id="C1"))
    told = [MERGED, PARTED, CustomerMerged(merged_id="C1", kept_id="C3", version=4)]
    for each in order:
        deliver(both.service, told[each])
    assert [len(listed(both, each)) for each in ("C1", "C2", "C3")] == [1, 0, 1]


@pytest.mark.spec("LD1.4", "A1.1")
def test_who_has_the_one_that_goes_on_writes_about_both_and_who_had_the_other_no_more(both: World) -> None:
    owner, former = as_rep("E2", HZ1), as_rep("E1", HZ1)
    about = first_visit(lead_id="", customer_id="C1")
    deliver(both.service, MERGED)
    assert door(both, owner).RecordFollowUp(about).follow_up.customer_id == "C1"
    with pytest.raises(NotFound):
        door(both, former).RecordFollowUp(first_visit(lead_id="", customer_id="C1"))
    deliver(both.service, PARTED)
    assert door(both, former).RecordFollowUp(first_visit(lead_id="", customer_id="C1")).follow_up
    with pytest.raises(NotFound):
        door(both, owner).RecordFollowUp(first_visit(lead_id="", customer_id="C1"))


@pytest.mark.spec("LD1.4")
def test_a_merge_that_comes_before_its_customer_is_kept(world: World) -> None:
    deliver(world.service, MERGED)
    with pytest.raises(NotFound):
        door(world, as_hq("E9", "manager")).RecordFollowUp(first_visit(lead_id="", customer_id="C1"))
    world.customer("C1", "E1")
    assert door(world).RecordFollowUp(first_visit(lead_id="", customer_id="C1")).follow_up.customer_id == "C1"
    assert len(listed(world, "C2")) == 1
