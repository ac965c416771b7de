"""Calls from a telephone system and by hand, through the real gRPC door, on a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.errors import AlreadyExists, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.events import NotDelivered, deliver
from chassis.testing.identity import as_hq, as_manager, as_partner, as_rep
from closeloop.activity.v1 import call_service_pb2 as pb
from closeloop.activity.v1.call_service_pb2_grpc import CallServiceStub
from closeloop.activity.v1.follow_up_service_pb2 import ListFollowUpsRequest
from closeloop.activity.v1.follow_up_service_pb2_grpc import FollowUpServiceStub
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.integration.v1.events_pb2 import CallTranscribed, CallUtterance

HZ1, HZ2 = "/HQ/EAST/HZ1/", "/HQ/EAST/HZ2/"
PHONE = "+8613800000001"
OWNER, OTHER, PBX = as_rep("E1", HZ1), as_rep("E2", HZ2), as_partner("PBX", "partner")
TRANSCRIPT = [
    pb.Utterance(speaker="customer", offset_seconds=21, text="预算大概八十万，月底拍板。"),
    pb.Utterance(speaker="rep", offset_seconds=3, text="您好，请问有采购预算吗？"),
]


def door(world, identity: Identity = OWNER) -> CallServiceStub:
    return CallServiceStub(world.as_(identity))


def report(world, **changes: object) -> pb.RecordCallRequest:
    values: dict[str, object] = {
        "request_id": new_id(),
        "external_id": "PBX-1",
        "direction": pb.CALL_DIRECTION_OUTBOUND,
        "phone": "138 0000 0001",
        "started_at": world.stamp(-10),
        "duration_seconds": 185,
        "connected": True,
    }
    return pb.RecordCallRequest(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.spec("A5.1")
def test_a_connected_call_is_found_by_its_number_digested_and_told(world) -> None:
    world.assign()
    call = door(world).RecordCall(report(world, transcript=TRANSCRIPT)).call

    assert (call.lead_id, call.rep_id, call.unit, call.phone) == ("L1", "E1", HZ1, PHONE)
    assert [(each.topic, each.offset_seconds, each.speaker) for each in call.keywords] == [
        ("budget", 3, "rep"),
        ("budget", 21, "customer"),
        ("decision_time", 21, "customer"),
    ]
    assert call.digest == "您好，请问有采购预算吗？ 预算大概八十万，月底拍板。"
    assert (call.rep_questions, call.customer_questions) == (1, 0)
    assert 0 < call.talk_ratio < 1
    assert door(world).GetCall(pb.GetCallRequest(call_id=call.call_id)).call == call
    (told,) = world.told("activity.call_recorded")
    assert (told.lead_id, told.rep_id, told.direction, told.connected) == ("L1", "E1", "outbound", True)
    assert told.started_at == call.started_at


@pytest.mark.spec("A5.1")
def test_the_same_call_reported_twice_is_one_call(world) -> None:
    world.assign()
    first = door(world).RecordCall(report(world)).call
    again = door(world).RecordCall(report(world, duration_seconds=1, connected=False)).call
    assert again == first
    assert (world.count("call"), len(world.told("activity.call_recorded"))) == (1, 1)


@pytest.mark.spec("A5.1")
def test_a_call_of_somebody_else_is_refused_under_the_same_id(world) -> None:
    world.assign()
    door(world).RecordCall(report(world))
    with pytest.raises(AlreadyExists) as refused:
        door(world, OTHER).RecordCall(report(world))
    assert refused.value.metadata == {"external_id": "PBX-1"}


@pytest.mark.spec("A5.1")
def test_a_transcript_that_comes_later_goes_in_once(world) -> None:
    world.assign()
    first = door(world).RecordCall(report(world)).call
    assert not first.HasField("talk_ratio")
    later = door(world).RecordCall(report(world, transcript=TRANSCRIPT, duration_seconds=1)).call
    assert (later.call_id, later.duration_seconds, len(later.keywords)) == (first.call_id, 185, 3)
    other = [pb.Utterance(speaker="rep", offset_seconds=1, text="别的内容。")]
    assert door(world).RecordCall(report(world, transcript=other)).call == later
    assert len(world.told("activity.call_recorded")) == 1
    assert world.count("audit_row WHERE action = 'call.transcribe'") == 1


@pytest.mark.spec("A5.1")
def test_a_telephone_system_records_for_a_rep(world) -> None:
    world.hire("E1")
    world.assign()
    call = door(world, PBX).RecordCall(report(world, rep_id="E1")).call
    assert (call.rep_id, call.unit, call.lead_id) == ("E1", HZ1, "L1")
    assert door(world).GetCall(pb.GetCallRequest(call_id=call.call_id)).call == call
    with pytest.raises(InvalidInput) as unnamed:
        door(world, PBX).RecordCall(report(world, external_id="PBX-2"))
    assert [each.field for each in unnamed.value.violations] == ["rep_id"]
    with pytest.raises(NotFound) as unknown:
        door(world, PBX).RecordCall(report(world, external_id="PBX-2", rep_id="E404"))
    assert unknown.value.reason == "EMPLOYEE_NOT_FOUND"


@pytest.mark.spec("A5.1", "P1.4")
def test_a_rep_records_own_calls_alone_and_a_manager_those_of_the_team(world) -> None:
    world.hire("E1")
    world.hire("E2", HZ2)
    world.assign()
    for caller, rep in ((OTHER, "E1"), (as_manager("E100", HZ1), "E2")):
        with pytest.raises(NotFound):
            door(world, caller).RecordCall(report(world, rep_id=rep))
    with pytest.raises(NotFound):
        door(world, OTHER).RecordCall(report(world, lead_id="L1"))
    with pytest.raises(PermissionDenied):
        door(world, as_hq()).RecordCall(report(world))
    assert world.count("call") == 0
    assert door(world, as_manager("E100", HZ1)).RecordCall(report(world, rep_id="E1")).call.rep_id == "E1"


@pytest.mark.spec("P1.4")
def test_calls_of_another_team_are_not_there(world) -> None:
    world.assign()
    call = door(world).RecordCall(report(world)).call
    for sees in (OWNER, as_manager("E100", HZ1), as_hq()):
        assert [each.call_id for each in door(world, sees).ListCalls(pb.ListCallsRequest()).calls] == [call.call_id]
    for blind in (OTHER, as_manager("E100", HZ2)):
        assert not door(world, blind).ListCalls(pb.ListCallsRequest()).calls
        with pytest.raises(NotFound):
            door(world, blind).GetCall(pb.GetCallRequest(call_id=call.call_id))
    with pytest.raises(PermissionDenied):
        door(world, PBX).ListCalls(pb.ListCallsRequest())


@pytest.mark.spec("A5.1")
def test_a_call_that_comes_before_its_lead_is_kept_and_told_when_the_lead_is_known(world) -> None:
    call = door(world).RecordCall(report(world)).call
    assert (call.lead_id, world.told("activity.call_recorded")) == ("", [])

    world.assign("L0", phone="+8613800000009", chat_id="")
    assert world.told("activity.call_recorded") == []
    world.assign(times=2)

    assert door(world).GetCall(pb.GetCallRequest(call_id=call.call_id)).call.lead_id == "L1"
    (told,) = world.told("activity.call_recorded")
    assert (told.lead_id, told.call_id) == ("L1", call.call_id)
    world.assign("L2")
    assert len(world.told("activity.call_recorded")) == 1


@pytest.mark.spec("A5.1")
def test_of_two_leads_with_one_number_the_reps_own_then_the_latest_is_meant(world) -> None:
    world.assign("L1", owner_id="E1")
    world.clock.advance(world.minutes(1))
    world.assign("L2", owner_id="E2", unit=HZ2)
    world.clock.advance(world.minutes(1))
    world.assign("L3", owner_id="E3", unit=HZ2)
    callers = (as_rep("E1", HZ1), as_rep("E2", HZ2), as_manager("E9", HZ2))
    calls = [door(world, who).RecordCall(report(world, external_id=who.subject)).call for who in callers]
    assert [call.lead_id for call in calls] == ["L1", "L2", "L3"]


@pytest.mark.spec("A5.1")
def test_calls_and_assignments_at_the_same_moment_always_find_each_other(world) -> None:
    numbers = [f"+86138000001{n:02d}" for n in range(12)]

    def call(phone: str) -> None:
        door(world).RecordCall(report(world, external_id=phone, phone=phone))

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call, phone) for phone in numbers]
        for phone in numbers:
            world.assign(f"L{phone}", phone=phone, chat_id="")
        for each in calls:
            each.result()
    assert world.count("call WHERE lead_id = 'L' || phone") == len(numbers)
    assert len(world.told("activity.call_recorded")) == len(numbers)


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({"phone": "12345"}, "phone"),
    ({"phone": ""}, "phone"),
    ({"direction": 0}, "direction"),
    ({"duration_seconds": -1}, "duration_seconds"),
    ({"external_id": ""}, "external_id"),
    ({"transcript": [pb.Utterance(speaker="boss", text="嗯")]}, "transcript[0].speaker"),
]


@pytest.mark.spec("A5.1", "P1.5")
def test_input_that_makes_no_sense_is_refused_by_field(world) -> None:
    for wrong, field in NONSENSE:
        with pytest.raises(InvalidInput) as refused:
            door(world).RecordCall(report(world, **wrong))
        assert [each.field for each in refused.value.violations] == [field], wrong
    assert world.count("call") == 0


@pytest.mark.spec("A5.1")
def test_a_call_of_tomorrow_with_a_wrong_number_is_told_both(world) -> None:
    with pytest.raises(InvalidInput) as refused:
        door(world).RecordCall(report(world, phone="abc", started_at=world.stamp(60 * 24)))
    assert [each.field for each in refused.value.violations] == ["started_at", "phone"]
    assert all(each.zh for each in refused.value.violations)


@pytest.mark.spec("P1.1")
def test_pages_of_calls_are_stable(world) -> None:
    world.assign()
    made = [door(world).RecordCall(report(world, external_id=f"PBX-{n}")).call.call_id for n in range(3)]
    first = door(world).ListCalls(pb.ListCallsRequest(page=PageRequest(size=2), lead_id="L1", rep_id="E1"))
    rest = door(world).ListCalls(pb.ListCallsRequest(page=PageRequest(size=2, token=first.page.next_token)))
    assert [each.call_id for each in [*first.calls, *rest.calls]] == made[::-1]
    follow_ups = FollowUpServiceStub(world.as_(OWNER))
    with pytest.raises(InvalidInput) as refused:
        follow_ups.ListFollowUps(ListFollowUpsRequest(page=PageRequest(token=first.page.next_token)))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.spec("A5.1", "P1.4", "P9.1")
def test_a_number_does_not_tell_a_stranger_whose_lead_it_is(world) -> None:
    world.assign()
    call = door(world, OTHER).RecordCall(report(world)).call
    assert (call.lead_id, call.customer_id) == ("", "")


def transcribed(world, **changes: object) -> CallTranscribed:
    values: dict[str, object] = {
        "external_id": "PBX-1",
        "rep_id": "E1",
        "direction": "outbound",
        "phone": PHONE,
        "started_at": world.stamp(-10),
        "duration_seconds": 185,
        "connected": True,
    }
    return CallTranscribed(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.spec("A5.1")
def test_a_call_of_the_telephone_feed_is_told_as_one_that_was_recorded_at_the_door(world) -> None:
    """What stops the golden clocks (LD5.1) is the same event, whichever way the call came."""
    world.hire("E1")
    world.assign()
    deliver(world.service, transcribed(world), times=2)
    heard = [CallUtterance(speaker="customer", offset_seconds=21, text="预算大概八十万，月底拍板。")]
    deliver(world.service, transcribed(world, transcript=heard))
    (call,) = door(world).ListCalls(pb.ListCallsRequest()).calls
    assert (call.lead_id, call.rep_id, [each.topic for each in call.keywords]) == (
        "L1",
        "E1",
        ["budget", "decision_time"],
    )
    (told,) = world.told("activity.call_recorded")
    assert (told.lead_id, told.direction, told.connected, told.duration_seconds) == ("L1", "outbound", True, 185)
    assert door(world, PBX).RecordCall(report(world, rep_id="E1")).call.call_id == call.call_id


@pytest.mark.spec("A5.1", "LD5.1")
def test_a_call_that_the_telephone_system_corrects_is_told_again(world) -> None:
    world.hire("E1")
    world.assign()
    heard = [CallUtterance(speaker="customer", offset_seconds=21, text="预算大概八十万，月底拍板。")]
    deliver(world.service, transcribed(world, connected=False, duration_seconds=0))
    deliver(world.service, transcribed(world, transcript=heard), times=2)
    deliver(world.service, transcribed(world))
    missed, answered = world.told("activity.call_recorded")
    assert (missed.connected, missed.duration_seconds) == (False, 0)
    assert (answered.connected, answered.duration_seconds, answered.call_id) == (True, 185, missed.call_id)
    (call,) = door(world).ListCalls(pb.ListCallsRequest()).calls
    assert (call.connected, call.duration_seconds, len(call.keywords)) == (True, 185, 2)
    deliver(world.service, transcribed(world, started_at=world.stamp(-12)))
    assert world.told("activity.call_recorded")[2].started_at == world.stamp(-12)
    assert world.count("audit_row WHERE action = 'call.correct'") == 2


@pytest.mark.spec("A5.1")
def test_words_that_the_telephone_system_understood_wrongly_are_replaced(world) -> None:
    world.hire("E1")
    world.assign()
    first, better = (
        [CallUtterance(speaker="customer", offset_seconds=21, text=text)]
        for text in ("鱼蒜大概八十万。", "预算大概八十万。")
    )
    deliver(world.service, transcribed(world, transcript=first))
    deliver(world.service, transcribed(world, transcript=better), times=2)
    deliver(world.service, transcribed(world))
    (call,) = door(world).ListCalls(pb.ListCallsRequest()).calls
    assert [(each.topic, each.word) for each in call.keywords] == [("budget", "预算")]
    assert world.count("audit_row WHERE action = 'call.transcribe'") == 1


@pytest.mark.spec("A5.1")
def test_a_corrected_call_without_a_lead_is_told_once_when_its_lead_is_known(world) -> None:
    world.hire("E1")
    deliver(world.service, transcribed(world, connected=False, duration_seconds=0))
    deliver(world.service, transcribed(world))
    assert world.told("activity.call_recorded") == []
    world.assign()
    assert [each.connected for each in world.told("activity.call_recorded")] == [True]


@pytest.mark.spec("A5.1")
def test_a_call_that_is_told_for_another_person_later_stays_as_it_was(world) -> None:
    world.hire("E1")
    world.hire("E2", HZ2)
    world.assign()
    deliver(world.service, transcribed(world, connected=False, duration_seconds=0))
    deliver(world.service, transcribed(world, rep_id="E2"))
    (call,) = door(world).ListCalls(pb.ListCallsRequest()).calls
    assert (call.rep_id, call.connected, len(world.told("activity.call_recorded"))) == ("E1", False, 1)


@pytest.mark.spec("A5.1")
def test_a_call_of_somebody_unknown_waits_for_the_directory(world) -> None:
    with pytest.raises(NotDelivered, match="E1"):
        deliver(world.service, transcribed(world))
    assert world.count("call") == 0
