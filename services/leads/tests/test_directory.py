"""The probe against a real gRPC server that speaks integration's contract."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.testing.identity import Keys, as_service
from chassis.testing.rpc import channel_to, rpc_server
from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1 import directory_service_pb2_grpc as pb_grpc
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe import Probe
from leads.assignment.probe_rules import Verdict
from leads.clients.directory import GrpcDirectory

POLICY = AssignmentPolicy()


class Neighbour(pb_grpc.DirectoryServiceServicer):
    """Answers as told; `slow` makes it miss the deadline."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.status: dict[str, pb.EmployeeStatus.ValueType] = {}
        self.calls: list[list[str]] = []
        self.slow = False
        self.end = Event()

    def CheckStatus(self, request: pb.CheckStatusRequest, context: Any) -> pb.CheckStatusResponse:
        self.calls.append(list(request.employee_ids))
        if self.slow:
            self.end.wait(3)
        answer = pb.CheckStatusResponse()
        for each in request.employee_ids:
            if each in self.status:
                state = answer.states.add(employee_id=each, status=self.status[each])
                state.as_of.FromDatetime(self.clock.now())
        return answer


@pytest.fixture
def neighbour(clock: FixedClock) -> Neighbour:
    return Neighbour(clock)


@pytest.fixture
def probe(neighbour: Neighbour, keys: Keys) -> Iterator[Probe]:
    registration = (pb_grpc.add_DirectoryServiceServicer_to_server, neighbour)
    with (
        rpc_server([registration], keys, name="integration") as server,
        channel_to(server, keys, as_service("leads"), deadline=1.0) as channel,
    ):
        yield Probe(GrpcDirectory(channel))
        neighbour.end.set()


@pytest.mark.spec("LD4.1", "LD4.2")
def test_every_status_has_its_verdict_and_silence_is_not_active(
    probe: Probe, neighbour: Neighbour, clock: FixedClock
) -> None:
    neighbour.status = {
        "E1": pb.EMPLOYEE_STATUS_ACTIVE,
        "E2": pb.EMPLOYEE_STATUS_ON_LEAVE,
        "E3": pb.EMPLOYEE_STATUS_FROZEN,
        "E4": pb.EMPLOYEE_STATUS_DISABLED,
        "E5": pb.EMPLOYEE_STATUS_DEPARTED,
        "E6": pb.EMPLOYEE_STATUS_UNSPECIFIED,
    }
    checked = probe.check({f"E{n}": 1 for n in range(1, 8)}, clock.now(), POLICY)
    assert {each: one.verdict for each, one in checked.items()} == {
        "E1": Verdict.VERIFIED,
        "E2": Verdict.ON_LEAVE,
        "E3": Verdict.INACTIVE,
        "E4": Verdict.INACTIVE,
        "E5": Verdict.INACTIVE,
        "E6": Verdict.UNVERIFIED,
        "E7": Verdict.UNVERIFIED,
    }
    assert (checked["E1"].age_seconds, checked["E7"].age_seconds) == (0, None)
    assert len(neighbour.calls) == 1


@pytest.mark.spec("LD4.1", "LD4.2", "LD3.12")
def test_a_slow_directory_verifies_nobody_within_200_milliseconds(
    probe: Probe, neighbour: Neighbour, clock: FixedClock
) -> None:
    neighbour.status = {"E1": pb.EMPLOYEE_STATUS_ACTIVE}
    probe.check({"E1": 1}, clock.now(), POLICY.model_copy(update={"probe_milliseconds": 2000}))
    neighbour.slow = True
    started = time.monotonic()
    assert probe.check({"E1": 2}, clock.now(), POLICY)["E1"].verdict is Verdict.UNVERIFIED
    assert time.monotonic() - started < 0.35


@pytest.mark.spec("LD4.1")
def test_departed_stays_departed_until_the_roster_hears_of_a_change(
    probe: Probe, neighbour: Neighbour, clock: FixedClock
) -> None:
    neighbour.status = {"E1": pb.EMPLOYEE_STATUS_DEPARTED}
    assert probe.check({"E1": 1}, clock.now(), POLICY)["E1"].verdict is Verdict.INACTIVE
    neighbour.status = {"E1": pb.EMPLOYEE_STATUS_ACTIVE}
    clock.advance(timedelta(days=1))
    assert probe.check({"E1": 1}, clock.now(), POLICY)["E1"].verdict is Verdict.INACTIVE
    assert probe.check({"E1": 2}, clock.now(), POLICY)["E1"].verdict is Verdict.VERIFIED


@pytest.mark.spec("LD4.1")
def test_an_answer_that_has_grown_old_is_asked_for_again(probe: Probe, neighbour: Neighbour, clock: FixedClock) -> None:
    neighbour.status = {"E1": pb.EMPLOYEE_STATUS_ACTIVE}
    assert probe.check({"E1": 1}, clock.now(), POLICY)["E1"].verdict is Verdict.VERIFIED
    assert probe.check({"E1": 1}, clock.now(), POLICY)["E1"].verdict is Verdict.VERIFIED
    assert len(neighbour.calls) == 1
    clock.advance(timedelta(minutes=16))
    assert probe.check({"E1": 1}, clock.now(), POLICY)["E1"].verdict is Verdict.VERIFIED
    assert len(neighbour.calls) == 2
