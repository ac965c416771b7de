"""Four replicas of leads, 64 callers each: nobody gets more than there is room for, no lead gets two owners (LD3.9).

There is room for 24 of 25 leads, so that replicas fight for the last places. The replicas are processes, the directory
they ask a gRPC server that speaks integration's contract.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chassis import policy_versions
from chassis.clock import MovableClock
from chassis.config import Mode
from chassis.database import Database
from chassis.errors import DeadlineExceeded, ResourceExhausted, Unavailable
from chassis.identity import of_service
from chassis.rpc.client import Channel
from chassis.service import Service
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.events import deliver
from chassis.testing.identity import Keys, as_hq
from chassis.testing.rpc import rpc_server
from closeloop.integration.v1 import directory_service_pb2 as directory_pb
from closeloop.integration.v1 import directory_service_pb2_grpc as directory_grpc
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from leads.assignment.drain_waiting import drain_waiting
from leads.bootstrap import build
from leads.policies import ASSIGNMENT
from leads.settings import LeadsSettings
from tests.faults.depot import ROOT
from tests.faults.programs import Program, clean_environment, module, wait_for
from tests.faults.scale import scaled

REPLICAS, TEAM_SIZE, ROOM = 4, 20, 8
CALLERS = scaled(64, 8)
LEADS = scaled(5_000)
REPS = LEADS * 24 // 25 // ROOM
# Two cores serve 256 callers: what is judged is who gets what, not how soon.
PATIENCE = {"probe_milliseconds": 2000, "decision_milliseconds": 5000}


class Directory(directory_grpc.DirectoryServiceServicer):
    """Everybody is active now."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock

    def CheckStatus(self, request: directory_pb.CheckStatusRequest, context: Any) -> directory_pb.CheckStatusResponse:
        answer = directory_pb.CheckStatusResponse()
        for each in request.employee_ids:
            answer.states.add(employee_id=each, status=directory_pb.EMPLOYEE_STATUS_ACTIVE)
            answer.states[-1].as_of.FromDatetime(self._clock.now())
        return answer


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    moved = MovableClock(tmp_path / "clock.json", mode="local")
    moved.move_to(TUESDAY_AT_TEN)
    return moved


@pytest.fixture
def directory_port(keys: Keys, clock: MovableClock) -> Iterator[int]:
    registration = (directory_grpc.add_DirectoryServiceServicer_to_server, Directory(clock))
    with rpc_server([registration], keys, name="integration", max_concurrent_rpcs=256) as server:
        yield server.port


@pytest.fixture
def environment(
    keys: Keys, clock: MovableClock, directory_port: int, service_database: Callable[..., Database], tmp_path: Path
) -> dict[str, str]:
    keys.of("leads")
    return {
        "CLOSELOOP_DATABASE_URL": service_database("leads").url,
        "CLOSELOOP_SIGNING_KEY": str(keys.path("leads")),
        "CLOSELOOP_TRUST": str(keys.trust),
        "CLOSELOOP_CLOCK_FILE": str(tmp_path / "clock.json"),
        "CLOSELOOP_FILES_URL": (tmp_path / "files").as_uri(),
        "CLOSELOOP_PEERS": f"integration=127.0.0.1:{directory_port}",
    }


@pytest.fixture
def leads(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The same service in this process: it hires, publishes the policy and drains."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    service = build(LeadsSettings(mode=Mode.LOCAL))
    yield service
    service.runtime.close()


@pytest.fixture
def replicas(environment: dict[str, str], leads: Service, tmp_path: Path) -> Iterator[list[Program]]:
    paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(ROOT)]))
    env = clean_environment() | environment | {"PYTHONPATH": paths}
    started = [Program(module("leads", "serve"), env, tmp_path / f"leads-{n}.log").start() for n in range(REPLICAS)]
    yield [each.wait_until_ready() for each in started]
    for each in started:
        each.end()


def hire(service: Service, clock: MovableClock) -> None:
    for start in range(0, REPS, 200):
        deliver(service, *(employee(number, clock) for number in range(start, min(start + 200, REPS))))


def employee(number: int, clock: MovableClock) -> EmployeeChanged:
    team = number // TEAM_SIZE
    changed = EmployeeChanged(
        employee_id=f"E{number:05d}",
        version=1,
        name=f"员工{number}",
        status="active",
        unit=f"/HQ/T{team}/",
        manager_id=f"M{team}",
        position="sales_rep",
        duties=["rep"],
        hired_on="2023-01-01",
    )
    changed.as_of.FromDatetime(clock.now().astimezone(UTC))
    return changed


def publish_patience(service: Service) -> None:
    with service.uow.begin(of_service("leads")) as tx:
        drafted = policy_versions.draft(tx, ASSIGNMENT, PATIENCE, "two cores")
        policy_versions.publish(tx, ASSIGNMENT, drafted.version)
        tx.commit()


def call_all(replicas: list[Program], keys: Keys) -> tuple[float, Counter[str]]:
    """Every lead once, a quarter through each replica; seconds, and refusals that were asked again."""
    refused: Counter[str] = Counter()
    began = time.monotonic()
    with ExitStack() as stack:
        calls = []
        for first, replica in enumerate(replicas):
            channel = Channel(f"127.0.0.1:{replica.grpc_port}", keys.of("gateway"), as_hq(), deadline=60.0)
            stub = CaptureServiceStub(stack.enter_context(channel))
            pool = stack.enter_context(ThreadPoolExecutor(CALLERS))
            calls += [pool.submit(capture, stub, number, refused) for number in range(first, LEADS, REPLICAS)]
        for call in calls:
            call.result()
    return time.monotonic() - began, refused


def capture(stub: CaptureServiceStub, number: int, refused: Counter[str]) -> None:
    """Again with the same id until there is an answer."""
    known = lead_pb2.Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=["总经理"])
    request = capture_pb.CaptureLeadRequest(
        request_id=f"load-{number}",
        company_name=f"压测第{number}公司",
        channel="website",
        phone=f"138{number:08d}",
        qualification=known,
    )

    def is_taken() -> bool:
        try:
            stub.CaptureLead(request)
        except (ResourceExhausted, Unavailable, DeadlineExceeded) as refusal:
            refused[refusal.code] += 1
            return False
        return True

    wait_for(is_taken, what=f"an answer about lead {number}")


def is_drained(service: Service) -> bool:
    """After one more pass, as the service's own loop would make it: on a busy machine one pass is not always enough."""
    drain_waiting(service.app.assigner)
    left = dict(rows(service, "SELECT state, count(*) FROM lead WHERE state <> 'assigned' GROUP BY 1"))
    return left == {"queued": LEADS - REPS * ROOM}


def rows(service: Service, statement: str) -> list[tuple[Any, ...]]:
    with service.runtime.database.connect() as conn:
        return [tuple(row) for row in conn.execute(text(statement))]


@pytest.mark.timeout(1800)
@pytest.mark.spec("LD3.9", "LD3.8", "P7.1")
def test_nobody_is_over_capacity_and_no_lead_has_two_owners(
    leads: Service, replicas: list[Program], keys: Keys, clock: MovableClock
) -> None:
    publish_patience(leads)
    hire(leads, clock)
    seconds, refused = call_all(replicas, keys)
    at_once = rows(leads, "SELECT count(*) FROM lead WHERE state = 'assigned'")[0][0]
    wait_for(lambda: is_drained(leads), what="all that can be assigned")
    loads = rows(leads, "SELECT employee_id, open_a FROM rep WHERE 'rep' = ANY(duties)")
    counted = dict(rows(leads, "SELECT employee_id, count(*) FROM assignment WHERE ended_at IS NULL GROUP BY 1"))
    assert {load for _, load in loads} == {ROOM}, "every place is taken, and none twice"
    assert counted == dict(loads), "what a rep carries is what was assigned"
    assert rows(leads, "SELECT lead_id FROM assignment GROUP BY 1 HAVING count(*) > 1") == []
    assert dict(rows(leads, "SELECT state, count(*) FROM lead GROUP BY 1")) == {
        "assigned": REPS * ROOM,
        "queued": LEADS - REPS * ROOM,
    }
    events = rows(leads, "SELECT aggregate_id FROM outbox WHERE type = 'leads.assigned'")
    assert len(events) == len(set(events)) == REPS * ROOM
    assert rows(leads, "SELECT count(*) FROM rep_pause") == [(0,)], "no run of callers on one rep"
    print(
        f"\n{LEADS} leads by {REPLICAS} replicas x {CALLERS} callers in {seconds:.1f} s ({at_once} assigned at once,"
        f" refused and asked again: {dict(refused)}): {REPS} reps at {ROOM}, nobody over it, no lead with two owners"
    )
