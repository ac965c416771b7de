"""Calls of the telephone system: told on once, the transcript when it comes, numbers out of sight."""

from __future__ import annotations

from typing import Any

import pytest

from closeloop.integration.v1.events_pb2 import CallTranscribed
from integration.connectors.telephony import Telephony, TelephonySettings
from integration.feeds.policy import FeedRule
from integration.tables import feed_run, phone_call, quarantine
from services.integration.tests.conftest import QUICK, World

NUMBER = "138 0000 0001"


def call(seq: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "callId": f"PBX-{seq}",
        "agentId": "E00001",
        "direction": "OUT",
        "customerNumber": NUMBER,
        "startedAt": "2026-03-10T09:30:00+08:00",
        "durationSeconds": 185,
        "status": "ANSWERED",
    } | changes


SAID = [
    {"speaker": "AGENT", "offsetMs": 3000, "text": "您好，请问有采购预算吗？"},
    {"speaker": "CUSTOMER", "offsetMs": 21500, "text": "预算大概八十万。"},
]


class Exchange:
    """A telephone system that keeps its records by number."""

    def __init__(self, world: World, *records: dict[str, Any]) -> None:
        self.world = world
        self.records = list(records)
        connector = Telephony(TelephonySettings(telephony_url=world.erp.url))
        connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK))
        world.connectors["telephony"] = connector
        world.erp.routes["/calls"] = self.answer

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        later = [each for each in self.records if each["seq"] > int(query["after"])]
        return {"calls": sorted(later, key=lambda each: each["seq"])[: int(query["limit"])]}

    def run(self, *records: dict[str, Any]) -> Any:
        self.records += records
        return self.world.run("telephony")

    def told(self) -> list[CallTranscribed]:
        return [each.message for each in self.world.events("integration.call_transcribed")]


@pytest.mark.spec("N1.1", "A5.1")
def test_a_call_is_told_with_its_transcript(staffed: World) -> None:
    exchange = Exchange(staffed, call(transcript=SAID))
    assert exchange.run().records_new == 1
    (told,) = exchange.told()
    assert (told.external_id, told.rep_id, told.direction, told.phone, told.connected) == (
        "PBX-1", "E00001", "outbound", "+8613800000001", True,
    )  # fmt: skip
    assert [(each.speaker, each.offset_seconds) for each in told.transcript] == [("rep", 3), ("customer", 21)]
    assert (told.started_at.ToJsonString(), told.duration_seconds) == ("2026-03-10T01:30:00Z", 185)
    assert staffed.feed("telephony").health == "healthy"


@pytest.mark.spec("N1.3")
def test_a_call_again_changes_nothing_and_a_transcript_later_is_told(staffed: World) -> None:
    exchange = Exchange(staffed, call())
    exchange.run()
    assert exchange.run(call(2, callId="PBX-1")).duplicates == 1
    assert exchange.run(call(3, callId="PBX-1", transcript=SAID)).corrected == 1
    assert exchange.run(call(4, callId="PBX-1")).duplicates == 1
    assert [len(each.transcript) for each in exchange.told()] == [0, 2]
    assert [row.transcribed for row in staffed.rows(phone_call)] == [True]


@pytest.mark.spec("N1.3")
def test_a_correction_without_the_words_is_told_and_the_words_stay(staffed: World) -> None:
    exchange = Exchange(staffed, call(transcript=SAID))
    exchange.run()
    assert exchange.run(call(2, callId="PBX-1", durationSeconds=190)).corrected == 1
    assert exchange.run(call(3, callId="PBX-1", durationSeconds=190)).duplicates == 1
    assert exchange.run(call(4, callId="PBX-1", durationSeconds=190, transcript=SAID)).duplicates == 1
    assert [(each.duration_seconds, len(each.transcript)) for each in exchange.told()] == [(185, 2), (190, 0)]
    other = [SAID[0] | {"text": "您好，请问贵院有采购预算吗？"}, SAID[1]]
    assert exchange.run(call(5, callId="PBX-1", durationSeconds=190, transcript=other)).corrected == 1


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize(
    ("change", "connected", "direction"),
    [({"status": "NO_ANSWER"}, False, "outbound"), ({"direction": "IN"}, True, "inbound")],
)
def test_whether_it_was_connected_and_who_called(
    staffed: World, change: dict[str, str], connected: bool, direction: str
) -> None:
    exchange = Exchange(staffed, call(**change))
    exchange.run()
    (told,) = exchange.told()
    assert (told.connected, told.direction) == (connected, direction)


@pytest.mark.spec("N2.1")
def test_a_record_that_was_passed_over_is_found_and_asked_for_again(staffed: World) -> None:
    exchange = Exchange(staffed, call(1), call(3))
    exchange.run()
    row = staffed.feed("telephony")
    assert (row.health, row.holes[0]["en"]) == ("degraded", "records 2 did not come")
    assert exchange.run(call(2)).records_new == 1
    assert staffed.feed("telephony").health == "healthy"
    assert [each.external_id for each in exchange.told()] == ["PBX-1", "PBX-3", "PBX-2"]


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customerNumber": "4711-0815-99999999999"}, "customerNumber"),
        ({"direction": "UP"}, "direction"),
        ({"startedAt": "2026-03-10T09:30:00"}, "startedAt"),
        ({"durationSeconds": -1}, "durationSeconds"),
        ({"agentId": "E09999"}, "agentId"),
        ({"transcript": [{"speaker": "GHOST", "offsetMs": 0, "text": "x"}]}, "transcript.0.speaker"),
    ],
)
def test_a_call_that_can_t_be_read_waits_in_quarantine(staffed: World, change: dict[str, Any], field: str) -> None:
    exchange = Exchange(staffed, call(1, **change), call(2))
    run = exchange.run()
    assert (run.records_new, run.rejected) == (1, 1)
    [waiting] = staffed.rows(quarantine)
    assert (waiting.field, waiting.record_key) == (field, "PBX-1")
    exchange.run(call(3, callId="PBX-1"))
    assert [row.state for row in staffed.rows(quarantine)] == ["superseded"]


@pytest.mark.spec("N1.1")
def test_a_withheld_number_leads_to_nobody(staffed: World) -> None:
    exchange = Exchange(staffed, call(customerNumber="anonymous"), call(2, customerNumber=None))
    assert exchange.run().records_new == 2
    assert exchange.told() == []


@pytest.mark.spec("P6.1")
def test_personal_numbers_reach_no_log_and_no_reason(staffed: World, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = call(2, customerNumber="99999 138 0000 0001 99")
    Exchange(staffed, call(1), wrong, call(3, direction="UP"), call(4, agentId="E09999")).run()
    written = "".join(capfd.readouterr())
    told = [row.reason + row.reason_zh + row.place for row in staffed.rows(quarantine)]
    told += [row.error for row in staffed.rows(feed_run)]
    for text in [written, *told]:
        assert "0000 0001" not in text
        assert "13800000001" not in text


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("answer", [{}, {"calls": {}}, {"calls": [{"callId": "x"}]}, {"calls": ["x"]}, b"cut"])
def test_an_answer_in_another_form_fails_the_run(staffed: World, answer: Any) -> None:
    exchange = Exchange(staffed)
    staffed.erp.routes["/calls"] = lambda _: answer
    run = exchange.run()
    assert (run.outcome, run.error_class) == ("failed", "parse" if isinstance(answer, bytes) else "schema")
