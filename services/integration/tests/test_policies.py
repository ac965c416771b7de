"""Settings that change at runtime take hold without a restart."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from google.protobuf.struct_pb2 import Struct

from chassis.errors import InvalidInput
from chassis.testing.identity import as_hq, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import directory_service_pb2 as directory
from closeloop.integration.v1 import directory_service_pb2_grpc as directory_grpc
from closeloop.integration.v1 import feed_service_pb2 as feeds
from closeloop.integration.v1 import feed_service_pb2_grpc as feeds_grpc
from closeloop.integration.v1 import policy_service_pb2 as pb
from closeloop.integration.v1 import policy_service_pb2_grpc as pb_grpc
from integration.bootstrap import POLICIES
from services.integration.tests.conftest import World
from services.integration.tests.world import employee

OPS = as_hq("E00700", "ops")


def publish(world: World, rpc: Rpc, name: str, body: dict[str, object]) -> None:
    stub = pb_grpc.PolicyServiceStub(rpc(world.service, as_=OPS))
    told = Struct()
    told.update(body)
    draft = stub.DraftPolicy(pb.DraftPolicyRequest(request_id=f"{name} draft", name=name, body=told, reason="试行"))
    stub.PublishPolicy(pb.PublishPolicyRequest(request_id=f"{name} publish", name=name, version=draft.policy.version))


def test_all_policies_are_shown_with_their_defaults(world: World, rpc: Rpc) -> None:
    stub = pb_grpc.PolicyServiceStub(rpc(world.service, as_=OPS))
    shown = {each.name: dict(each.body) for each in stub.ListPolicies(pb.ListPoliciesRequest()).policies}
    assert set(shown) == {each.name for each in POLICIES}
    assert shown["claiming"]["strong_confidence"] == 0.97
    assert shown["notifications"]["quiet_from"] == "22:00:00"


@pytest.mark.spec("N2.1")
def test_a_published_cadence_holds_within_three_seconds(world: World, rpc: Rpc) -> None:
    stub = feeds_grpc.FeedServiceStub(rpc(world.service, as_=OPS))
    publish(world, rpc, "feeds", {"feeds": {"hr": {"cadence_seconds": 120}}})
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        if stub.GetFeed(feeds.GetFeedRequest(feed="hr")).feed.cadence_seconds == 120:
            break
    assert stub.GetFeed(feeds.GetFeedRequest(feed="hr")).feed.cadence_seconds == 120
    world.clock.advance(timedelta(seconds=1))
    world.hire(employee())
    assert world.feed("hr").next_run_at == world.clock.now() + timedelta(seconds=120)


@pytest.mark.spec("N3.2")
def test_a_company_names_its_own_positions(world: World, rpc: Rpc) -> None:
    world.hire(employee("E00005", position="大客户经理"))
    stub = directory_grpc.DirectoryServiceStub(rpc(world.service, as_=as_service("gateway")))
    asked = directory.GetAccessRequest(employee_id="E00005")
    assert list(stub.GetAccess(asked).duties) == []
    publish(world, rpc, "duties", {"positions": {"大客户经理": ["rep"]}})
    ends = time.monotonic() + 3
    while time.monotonic() < ends and not stub.GetAccess(asked).duties:
        pass
    assert list(stub.GetAccess(asked).duties) == ["rep"]
    world.hire()
    told = [(each.message.version, list(each.message.duties)) for each in world.events("integration.employee_changed")]
    assert told == [(1, []), (2, ["rep"])]
    world.hire()
    assert len(world.events("integration.employee_changed")) == 2


def test_a_policy_that_makes_no_sense_is_refused(world: World, rpc: Rpc) -> None:
    with pytest.raises(InvalidInput):
        publish(world, rpc, "feeds", {"feeds": {"hr": {"cadence_seconds": 0}}})
    with pytest.raises(InvalidInput):
        publish(world, rpc, "claiming", {"weights": {"payer": "much"}})
