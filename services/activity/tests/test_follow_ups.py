"""Follow-ups through the real gRPC door, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_director, as_hq, as_manager, as_partner, as_rep
from closeloop.activity.v1 import follow_up_service_pb2 as pb
from closeloop.activity.v1.follow_up_service_pb2_grpc import FollowUpServiceStub
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.leads.v1.events_pb2 import LeadConverted, LeadMerged, LeadRecalled, LeadRecycled, LeadWithdrawn

HZ1, HZ2 = "/HQ/EAST/HZ1/", "/HQ/EAST/HZ2/"
OWNER = as_rep("E1", HZ1)


def first_visit(**changes: object) -> pb.RecordFollowUpRequest:
    values: dict[str, object] = {
        "request_id": new_id(),
        "template": "first_visit",
        "lead_id": "L1",
        "channel": pb.CHANNEL_VISIT,
        "direction": pb.DIRECTION_OUTBOUND,
        "outcome": pb.OUTCOME_CONNECTED,
        "fields": {"customer": "杭州某校", "decision_maker_title": "设备科长", "need_keywords": "超声"},
        "input": "换了设备科长",
        "action": "上门演示",
        "output": "下周给答复",
        "blocker": "无",
        "need": "更新超声设备",
        "attitudes": [pb.RoleAttitude(title="设备科长", attitude=pb.ATTITUDE_SUPPORTIVE)],
        "recording_seconds": 40,
    }
    return pb.RecordFollowUpRequest(**{**values, **changes})  # type: ignore[arg-type]


def door(world, identity: Identity = OWNER) -> FollowUpServiceStub:
    return FollowUpServiceStub(world.as_(identity))


def listed(world, identity: Identity = OWNER, **wanted: object) -> list[str]:
    response = door(world, identity).ListFollowUps(pb.ListFollowUpsRequest(**wanted))  # type: ignore[arg-type]
    return [each.follow_up_id for each in response.follow_ups]


@pytest.mark.spec("A1.1", "A1.2")
def test_a_first_visit_is_recorded_told_and_read_back_whole(world) -> None:
    world.assign()
    made = door(world).RecordFollowUp(first_visit()).follow_up

    read = door(world).GetFollowUp(pb.GetFollowUpRequest(follow_up_id=made.follow_up_id)).follow_up
    assert read == made
    assert (read.author_id, read.unit, read.source, read.blocker) == ("E1", HZ1, "manual", "无")
    assert dict(read.fields)["decision_maker_title"] == "设备科长"
    assert read.attitudes[0].attitude == pb.ATTITUDE_SUPPORTIVE
    (told,) = world.told("activity.follow_up_recorded")
    assert (told.lead_id, told.author_id, told.channel, told.outcome) == ("L1", "E1", "visit", "connected")
    assert told.occurred_at.ToDatetime() == world.clock.now().replace(tzinfo=None)
    assert world.count("audit_row WHERE action = 'follow_up.record'") == 1


@pytest.mark.spec("A1.2")
def test_everything_missing_is_named_at_once_and_nothing_is_kept(world) -> None:
    world.assign()
    request = first_visit(fields={"mood": "good"}, blocker="", need=" ", attitudes=[], occurred_at=world.stamp(60))
    with pytest.raises(InvalidInput) as refused:
        door(world).RecordFollowUp(request)
    assert refused.value.reason == "FOLLOW_UP_INCOMPLETE"
    assert {each.field for each in refused.value.violations} == {
        "fields[mood]",
        "fields[customer]",
        "fields[decision_maker_title]",
        "fields[need_keywords]",
        "blocker",
        "need",
        "attitudes",
        "occurred_at",
    }
    assert all(each.zh for each in refused.value.violations)
    assert (world.count("follow_up"), world.count("outbox")) == (0, 0)


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({"channel": pb.CHANNEL_UNSPECIFIED}, "channel"),
    ({"outcome": 99}, "outcome"),
    ({"attitudes": [pb.RoleAttitude(title="设备科长", attitude=77)]}, "attitudes[0].attitude"),
    ({"template": "demo_day"}, "template"),
    ({"lead_id": ""}, "lead_id"),
    ({"recording_seconds": -1}, "recording_seconds"),
    ({"fields": {"customer": "x" * 1001}}, "fields[customer]"),
    ({"request_id": ""}, "request_id"),
]


@pytest.mark.spec("A1.1", "P1.5")
def test_input_that_makes_no_sense_is_refused_by_field(world) -> None:
    world.assign()
    for wrong, field in NONSENSE:
        with pytest.raises(InvalidInput) as refused:
            door(world).RecordFollowUp(first_visit(**wrong))
        assert [each.field for each in refused.value.violations] == [field], wrong
    assert world.count("follow_up") == 0


@pytest.mark.spec("A1.1", "LD10.1")
def test_what_was_promised_for_when_is_kept_and_told(world) -> None:
    world.assign()
    due = Timestamp()
    due.FromDatetime(world.clock.now() + timedelta(days=2))
    made = door(world).RecordFollowUp(first_visit(next_step="送样机", next_step_due_at=due)).follow_up
    assert (made.next_step, made.next_step_due_at) == ("送样机", due)
    (told,) = world.told("activity.follow_up_recorded")
    assert (told.next_step, told.next_step_due_at) == ("送样机", due)
    past = Timestamp()
    past.FromDatetime(world.clock.now() - timedelta(minutes=1))
    for wrong, field in (
        ({"next_step_due_at": due}, "next_step"),
        ({"next_step": "x", "next_step_due_at": past}, "next_step_due_at"),
    ):
        with pytest.raises(InvalidInput) as refused:
            door(world).RecordFollowUp(first_visit(**wrong))
        assert [each.field for each in refused.value.violations] == [field]


@pytest.mark.spec("A1.1")
def test_the_same_request_twice_records_once(world) -> None:
    world.assign()
    request = first_visit()
    first, second = door(world).RecordFollowUp(request), door(world).RecordFollowUp(request)
    assert first == second
    assert world.count("follow_up") == 1
    assert len(world.told("activity.follow_up_recorded")) == 1


@pytest.mark.spec("P1.4")
def test_only_who_may_see_the_lead_writes_about_it(world) -> None:
    world.assign()
    for stranger in (as_rep("E2", HZ1), as_manager("E100", HZ2)):
        with pytest.raises(NotFound) as refused:
            door(world, stranger).RecordFollowUp(first_visit())
        assert refused.value.reason == "PARTY_NOT_FOUND"
    with pytest.raises(NotFound):
        door(world).RecordFollowUp(first_visit(lead_id="", customer_id="C404"))
    for wrong_duty in (as_hq(), as_director(), as_partner("P1", "partner")):
        with pytest.raises(PermissionDenied):
            door(world, wrong_duty).RecordFollowUp(first_visit())
    made = door(world, as_manager("E100", HZ1)).RecordFollowUp(first_visit()).follow_up
    assert (made.author_id, world.count("follow_up")) == ("E100", 1)


@pytest.mark.spec("P1.4")
def test_records_are_read_by_their_author_and_those_above(world) -> None:
    world.assign()
    made = door(world).RecordFollowUp(first_visit()).follow_up
    for sees in (OWNER, as_manager("E100", HZ1), as_director(), as_hq()):
        assert listed(world, sees) == [made.follow_up_id]
    for blind in (as_rep("E2", HZ1), as_manager("E100", HZ2), as_director(unit="/HQ/EAS/")):
        assert listed(world, blind) == []
        with pytest.raises(NotFound) as refused:
            door(world, blind).GetFollowUp(pb.GetFollowUpRequest(follow_up_id=made.follow_up_id))
        assert refused.value.reason == "FOLLOW_UP_NOT_FOUND"


@pytest.mark.spec("P1.4", "LD4.6")
def test_from_whom_the_lead_was_taken_back_writes_no_more(world) -> None:
    world.assign()
    world.clock.advance(world.minutes(5))
    deliver(world.service, LeadRecalled(lead_id="L1", previous_owner_id="E1", unit=HZ1, recalled_at=world.stamp()))
    with pytest.raises(NotFound):
        door(world).RecordFollowUp(first_visit())


@pytest.mark.spec("P1.4")
def test_who_lost_the_lead_writes_no_more(world) -> None:
    world.assign()
    world.clock.advance(world.minutes(5))
    deliver(world.service, LeadRecycled(lead_id="L1", previous_owner_id="E1", unit=HZ1, recycled_at=world.stamp()))
    with pytest.raises(NotFound):
        door(world).RecordFollowUp(first_visit())
    world.clock.advance(world.minutes(5))
    world.assign(owner_id="E1")
    deliver(world.service, LeadRecycled(lead_id="L1", previous_owner_id="E1", unit=HZ1, recycled_at=world.stamp(-5)))
    door(world).RecordFollowUp(first_visit())


@pytest.mark.spec("LD1.4", "LD1.6", "P1.4")
@pytest.mark.parametrize("gone", [LeadWithdrawn(lead_id="L1"), LeadMerged(lead_id="L1", into_lead_id="L2")])
def test_a_lead_that_was_withdrawn_or_merged_is_its_owners_no_more(world, gone) -> None:
    world.assign()
    world.clock.advance(world.minutes(5))
    at = "withdrawn_at" if isinstance(gone, LeadWithdrawn) else "merged_at"
    getattr(gone, at).CopyFrom(world.stamp())
    deliver(world.service, gone)
    with pytest.raises(NotFound):
        door(world).RecordFollowUp(first_visit())


@pytest.mark.spec("A1.1")
def test_a_customer_is_followed_with_what_was_recorded_when_it_was_a_lead(world) -> None:
    world.assign()
    world.customer("C1")
    world.customer("C2")
    as_lead = door(world).RecordFollowUp(first_visit()).follow_up
    converted = LeadConverted(lead_id="L1", customer_id="C1", customer_name="杭州某校", owner_id="E1", unit=HZ1)
    deliver(world.service, converted, times=2)
    after = door(world).RecordFollowUp(first_visit()).follow_up
    as_customer = door(world).RecordFollowUp(first_visit(lead_id="", customer_id="C1")).follow_up

    assert after.customer_id == "C1"
    everything = [as_customer.follow_up_id, after.follow_up_id, as_lead.follow_up_id]
    assert listed(world, customer_id="C1") == everything
    assert listed(world, customer_id="C2") == []
    assert listed(world, lead_id="L1") == everything[1:]


@pytest.mark.spec("A1.1")
def test_a_conversion_that_overtakes_its_assignment_is_kept(world) -> None:
    converted = LeadConverted(lead_id="L1", customer_id="C1", customer_name="杭州某校", owner_id="E1", unit=HZ1)
    deliver(world.service, converted)
    world.assign(owner_id="E2", unit=HZ2)
    made = door(world, as_rep("E2", HZ2)).RecordFollowUp(first_visit()).follow_up
    assert made.customer_id == "C1"


@pytest.mark.spec("P1.1")
def test_pages_are_stable_while_records_come_in(world) -> None:
    world.assign()
    made = [door(world).RecordFollowUp(first_visit()).follow_up.follow_up_id for _ in range(5)]
    first = door(world).ListFollowUps(pb.ListFollowUpsRequest(page=PageRequest(size=2)))
    door(world).RecordFollowUp(first_visit())
    rest = door(world).ListFollowUps(pb.ListFollowUpsRequest(page=PageRequest(size=3, token=first.page.next_token)))
    assert [each.follow_up_id for each in [*first.follow_ups, *rest.follow_ups]] == made[::-1]
    assert rest.page.next_token == ""


@pytest.mark.spec("A1.1")
def test_templates_are_listed_with_their_fields(world) -> None:
    (template,) = door(world, as_hq()).ListTemplates(pb.ListTemplatesRequest()).templates
    assert (template.name, template.label_zh) == ("first_visit", "首次拜访")
    assert [(field.name, field.required) for field in template.fields] == [
        ("customer", True),
        ("decision_maker_title", True),
        ("need_keywords", True),
    ]
