"""Templates, tags and keywords are data: operations change them while the service runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from chassis.errors import InvalidInput, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.activity.v1 import call_service_pb2 as call_pb
from closeloop.activity.v1 import follow_up_service_pb2 as follow_up_pb
from closeloop.activity.v1 import policy_service_pb2 as pb
from closeloop.activity.v1.call_service_pb2_grpc import CallServiceStub
from closeloop.activity.v1.conversation_service_pb2 import ListArchivesRequest
from closeloop.activity.v1.conversation_service_pb2_grpc import ConversationServiceStub
from closeloop.activity.v1.follow_up_service_pb2_grpc import FollowUpServiceStub
from closeloop.activity.v1.policy_service_pb2_grpc import PolicyServiceStub

OPS = as_hq("E800", "ops")
OWNER = as_rep("E1")
PRICE_OBJECTION = {
    "name": "price_objection",
    "label": "Price objection",
    "label_zh": "价格异议",
    "fields": [{"name": "own_words", "label": "Customer's own words", "label_zh": "客户原话"}],
}


def draft(world, name: str, body: dict[str, Any], identity: Identity = OPS) -> pb.Policy:
    request = pb.DraftPolicyRequest(request_id=new_id(), name=name, reason="test", body=Struct())
    json_format.ParseDict(body, request.body)
    return PolicyServiceStub(world.as_(identity)).DraftPolicy(request).policy


def publish(world, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Take the live body, change it, draft and publish it."""
    stub = PolicyServiceStub(world.as_(OPS))
    body = json_format.MessageToDict(stub.GetPolicy(pb.GetPolicyRequest(name=name)).policy.body)
    change(body)
    version = draft(world, name, body).version
    stub.PublishPolicy(pb.PublishPolicyRequest(request_id=new_id(), name=name, version=version))


def objection() -> follow_up_pb.RecordFollowUpRequest:
    return follow_up_pb.RecordFollowUpRequest(
        request_id=new_id(),
        template="price_objection",
        lead_id="L1",
        channel=follow_up_pb.CHANNEL_CALL,
        direction=follow_up_pb.DIRECTION_OUTBOUND,
        outcome=follow_up_pb.OUTCOME_CONNECTED,
        fields={"own_words": "太贵了"},
        input="预算减半",
        action="说明全周期成本",
        output="再考虑",
        blocker="价格",
        need="超声",
        attitudes=[follow_up_pb.RoleAttitude(title="院长", attitude=follow_up_pb.ATTITUDE_RESERVED)],
    )


@pytest.mark.spec("A1.1")
def test_a_new_template_is_data(world) -> None:
    world.assign()
    stub = FollowUpServiceStub(world.as_(OWNER))
    with pytest.raises(InvalidInput):
        stub.RecordFollowUp(objection())
    publish(world, "templates", lambda body: body["templates"].append(PRICE_OBJECTION))
    world.wait_until(lambda: len(stub.ListTemplates(follow_up_pb.ListTemplatesRequest()).templates) == 2)
    made = stub.RecordFollowUp(objection()).follow_up
    assert (made.template, dict(made.fields)) == ("price_objection", {"own_words": "太贵了"})
    assert world.count("follow_up WHERE policy_version = 1") == 1


@pytest.mark.spec("A3.1")
def test_a_new_tag_and_window_hold_for_the_next_archive(world, chat: Callable) -> None:
    def change(body: dict[str, Any]) -> None:
        body["tags"].append("老客户")
        body["messages"] = 1

    world.hire("E1")
    world.assign()
    publish(world, "archive", change)
    world.wait_until(lambda: world.service.runtime.policies.current("archive")[0] == 1)
    room = chat()
    room.customer("第一条。")
    room.customer("第二条。")
    room.rep("#归档 老客户")
    (archive,) = ConversationServiceStub(world.as_(OWNER)).ListArchives(ListArchivesRequest()).archives
    assert (archive.tags, archive.unknown_tags, archive.message_count) == (["老客户"], [], 1)


@pytest.mark.spec("A5.1")
def test_new_keywords_are_heard_in_the_next_call(world) -> None:
    publish(world, "calls", lambda body: body["keywords"].update({"warranty": ["质保"]}))
    world.wait_until(lambda: world.service.runtime.policies.current("calls")[0] == 1)
    request = call_pb.RecordCallRequest(
        request_id=new_id(),
        external_id="PBX-1",
        direction=call_pb.CALL_DIRECTION_INBOUND,
        phone="13800000001",
        started_at=world.stamp(-5),
        connected=True,
        transcript=[call_pb.Utterance(speaker="customer", offset_seconds=9, text="质保几年？")],
    )
    call = CallServiceStub(world.as_(OWNER)).RecordCall(request).call
    assert [(each.topic, each.offset_seconds) for each in call.keywords] == [("warranty", 9)]
    assert world.count("call WHERE policy_version = 1") == 1


NONSENSE: list[tuple[str, dict[str, Any], str]] = [
    ("templates", {"templates": [PRICE_OBJECTION, PRICE_OBJECTION]}, "body.templates"),
    ("templates", {"templates": []}, "body.templates"),
    ("archive", {"minutes": 0}, "body.minutes"),
    ("archive", {"command": ""}, "body.command"),
    ("calls", {"keywords": {"budget": [""]}}, "body.keywords.budget[0]"),
]


@pytest.mark.spec("A1.1", "A3.1", "A5.1")
def test_settings_that_make_no_sense_are_not_even_drafted(world) -> None:
    for name, body, field in NONSENSE:
        with pytest.raises(InvalidInput) as refused:
            draft(world, name, body)
        assert [each.field for each in refused.value.violations] == [field], body


@pytest.mark.spec("P1.4")
def test_only_operations_change_settings(world) -> None:
    for identity in (OWNER, as_manager()):
        with pytest.raises(PermissionDenied):
            draft(world, "archive", {}, identity)
