"""What a service and the gateway lean on goes away and comes back: what was accepted is kept, nobody waits for long."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from chassis.database import Database
from chassis.errors import CloseloopError, Unavailable
from chassis.local import LocalBroker, LocalPostgres, LocalRedis, create_service_database
from chassis.local.ports import free_port
from chassis.migrations import migrate
from chassis.testing.identity import Keys
from tests.faults.depot import HERE, ROOT, Depot
from tests.faults.programs import Program, clean_environment, module, wait_for
from tests.faults.scale import seconds

AWAY = seconds(30)
PACE = 0.05
# The longest a caller may wait for an answer, good or bad.
BOUND = 6.0


@dataclass
class Caller:
    """Calls at a steady pace, and notes how long each answer took and which requests were refused."""

    call: Callable[[str], object]
    accepted: list[str] = field(default_factory=list)
    refused: dict[str, Exception] = field(default_factory=dict)
    longest: float = 0.0
    _number: int = 0

    def once(self) -> None:
        self._number += 1
        self.attempt(f"request-{self._number}")

    def attempt(self, request_id: str) -> None:
        started = time.monotonic()
        try:
            self.call(request_id)
        except (CloseloopError, httpx.HTTPStatusError) as refusal:
            self.refused[request_id] = refusal
        else:
            self.accepted.append(request_id)
            self.refused.pop(request_id, None)
        self.longest = max(self.longest, time.monotonic() - started)

    def during(self, outage: float, *signs: Callable[[], object]) -> None:
        """For as long as the outage lasts, and until every sign of it was seen."""
        stop = Event()

        def keep_calling() -> None:
            while not stop.wait(PACE):
                self.once()

        calling = Thread(target=keep_calling)
        ends = time.monotonic() + outage
        calling.start()
        try:
            for sign in signs:
                wait_for(sign, what="a sign of the outage")
            wait_for(lambda: time.monotonic() >= ends)
        finally:
            stop.set()
            calling.join(30)

    def ask_again(self) -> None:
        """What was refused, with the same ids."""
        for request_id in list(self.refused):
            self.attempt(request_id)


def tell(what: str, caller: Caller) -> None:
    print(f"\n{AWAY:.0f} s {what}; longest answer {caller.longest:.2f} s")


@pytest.fixture
def own_postgres(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalPostgres]:
    """One that writes through to the disk, as it will be killed."""
    with LocalPostgres(server_folder / f"postgres-{id(request)}", free_port()) as server:
        yield server


@pytest.fixture
def lonely_depot(
    open_depot: Callable[[Database, str], Depot], own_postgres: LocalPostgres, broker: LocalBroker
) -> Iterator[Depot]:
    url = create_service_database(own_postgres, "depot")
    migrate(url, HERE / "migrations")
    database = Database(url)
    yield open_depot(database, broker)
    database.close()


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1", "P7.2", "P7.3")
def test_broker_and_database_away(lonely_depot: Depot, broker: LocalBroker, own_postgres: LocalPostgres) -> None:
    depot, program = lonely_depot, lonely_depot.program("all").start().wait_until_ready()
    pid = program.pid
    with depot.channel(program, deadline=BOUND - 1) as channel:
        caller = Caller(lambda request_id: depot.stub(channel).StoreCrate(depot.crate(request_id, f"of-{request_id}")))
        caller.once()
        broker_paused(depot, program, broker, caller)
        database_killed(depot, program, own_postgres, caller)
    assert depot.effects() == {f"of-{request_id}": [1] for request_id in caller.accepted}
    assert (depot.count("crate"), depot.count("audit_row")) == (len(caller.accepted), len(caller.accepted))
    assert (program.pid, program.is_alive()) == (pid, True)


def broker_paused(depot: Depot, program: Program, broker: LocalBroker, caller: Caller) -> None:
    wait_for(lambda: depot.count("effect") == 1, what="the first effect")
    broker.process.pause()
    try:
        caller.during(AWAY, lambda: program.metric("closeloop_outbox_age_seconds") > AWAY / 2)
        assert caller.refused == {}
        waiting = depot.count("outbox")
        assert waiting >= len(caller.accepted) - 1
        assert not program.not_ready()
    finally:
        broker.process.resume()
    assert caller.longest < BOUND
    wait_for(lambda: depot.count("effect") == len(caller.accepted), what="every effect")
    wait_for(lambda: program.metric("closeloop_outbox_rows") == 0, what="the figure at zero")
    tell(f"broker paused: {len(caller.accepted)} writes accepted, 0 refused", caller)


def database_killed(depot: Depot, program: Program, postgres: LocalPostgres, caller: Caller) -> None:
    before, caller.longest = len(caller.accepted), 0.0
    postgres.process.kill()
    postgres.stop()
    caller.during(
        AWAY,
        lambda: any(why.startswith("database") for why in program.not_ready()),
        lambda: program.metric("closeloop_rpc_seconds_count", code="UNAVAILABLE") > 0,
    )
    refused = len(caller.refused)
    assert refused > 0
    assert {type(each) for each in caller.refused.values()} <= {Unavailable} | set(Unavailable.__subclasses__())
    assert caller.longest < BOUND
    assert len(caller.accepted) == before
    postgres.start()
    depot.database.close()  # the test's own connections died too
    program.wait_until_ready()
    wait_for(lambda: not (caller.ask_again() or caller.refused), what="acceptance of what was refused")
    wait_for(lambda: depot.count("effect") == len(caller.accepted), what="every effect")
    tell(f"database killed: {refused} refused, asked again: all once", caller)


# -- the gateway ---------------------------------------------------------------------------------------------------

SESSION, PLANS = "/api/v1/session", "/api/v1/plans"


@pytest.fixture
def system(
    service_database: Callable[..., Database], broker: LocalBroker, keys: Keys, tmp_path: Path, own_redis: LocalRedis
) -> Iterator[tuple[Program, Program, str]]:
    """Gateway and targets as processes, and the gateway's address."""
    for issuer in ("gateway", "targets"):
        keys.of(issuer)
    shared = clean_environment() | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "CLOSELOOP_TRUST": str(keys.trust),
        "CLOSELOOP_KAFKA_BOOTSTRAP": broker.bootstrap,
        "CLOSELOOP_KAFKA_PROFILE": broker.profile,
        "CLOSELOOP_REDIS_URL": own_redis.url,
        "CLOSELOOP_FILES_URL": tmp_path.as_uri(),
    }
    targets_env = {"CLOSELOOP_SIGNING_KEY": str(keys.path("targets"))}
    targets_env["CLOSELOOP_DATABASE_URL"] = service_database("targets").url
    targets = Program(module("targets", "all"), shared | targets_env, tmp_path / "targets.log")
    port, nobody = free_port(), free_port()
    peers = dict.fromkeys(("leads", "activity", "incentives", "forecast", "integration"), nobody)
    gateway_env = {
        "CLOSELOOP_SIGNING_KEY": str(keys.path("gateway")),
        "CLOSELOOP_GATEWAY_PORT": str(port),
        "CLOSELOOP_REQUEST_TIMEOUT": "2",
        "CLOSELOOP_RATE_PER_PERSON": "100000/minute",
        "CLOSELOOP_PEERS": ",".join(
            f"{name}=127.0.0.1:{where}" for name, where in {**peers, "targets": targets.grpc_port}.items()
        ),
    }
    gateway = Program(module("gateway"), shared | gateway_env, tmp_path / "gateway.log")
    for each in (targets, gateway):
        each.start()
    try:
        for each in (targets, gateway):
            each.wait_until_ready()
        yield gateway, targets, f"http://127.0.0.1:{port}"
    finally:
        for each in (targets, gateway):
            each.end()


@pytest.fixture
def own_redis(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalRedis]:
    with LocalRedis(server_folder / f"redis-{id(request)}", free_port()) as server:
        yield server


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1", "P7.2")
def test_redis_and_a_neighbour_away(system: tuple[Program, Program, str], own_redis: LocalRedis) -> None:
    gateway, targets, url = system
    pid = gateway.pid
    with httpx.Client(base_url=url, timeout=BOUND + 10, trust_env=False) as client:
        signed_in = client.post(SESSION, json={"employeeId": "bootstrap"}).raise_for_status().json()
        client.headers["authorization"] = f"Bearer {signed_in['token']}"
        redis_stopped(gateway, own_redis, client)
        neighbour_stopped(gateway, targets, client)
    assert (gateway.pid, gateway.is_alive()) == (pid, True)


def create_plan(client: httpx.Client, request_id: str) -> Any:
    plan = {"name": request_id, "firstMonth": "2026-04", "months": 3, "category": request_id}
    return client.post(PLANS, json=plan, headers={"Idempotency-Key": request_id}).raise_for_status().json()


def redis_stopped(gateway: Program, redis: LocalRedis, client: httpx.Client) -> None:
    caller = Caller(lambda request_id: create_plan(client, f"redis-{request_id}"))
    caller.once()
    away = gateway.metric("closeloop_redis_away_total")
    redis.process.kill()
    redis.stop()
    caller.during(AWAY, lambda: gateway.metric("closeloop_redis_away_total") > away)
    client.post(SESSION, json={"employeeId": "bootstrap"}).raise_for_status()
    assert caller.refused == {}
    assert caller.longest < 3
    redis.start()

    def asked_redis() -> bool:
        before = gateway.metric("closeloop_redis_away_total")
        caller.once()
        return gateway.metric("closeloop_redis_away_total") == before

    wait_for(asked_redis, what="the first request with Redis again")
    tell(f"redis killed: {len(caller.accepted)} writes accepted, 0 refused", caller)


def neighbour_stopped(gateway: Program, targets: Program, client: httpx.Client) -> None:
    """First it hangs, then it is dead."""
    caller = Caller(lambda request_id: create_plan(client, f"neighbour-{request_id}"))
    caller.once()
    os.kill(targets.pid, signal.SIGSTOP)
    try:
        caller.during(AWAY / 2, lambda: failed_calls(gateway, "DEADLINE_EXCEEDED") > 0)
        client.get(SESSION).raise_for_status()
    finally:
        os.kill(targets.pid, signal.SIGCONT)
    hung = statuses(caller)
    targets.kill()
    caller.during(AWAY / 2, lambda: failed_calls(gateway, "UNAVAILABLE") > 0)
    assert caller.longest < BOUND
    assert statuses(caller) == {503, 504}
    assert hung == {504}
    refused = len(caller.refused)
    targets.start().wait_until_ready()
    wait_for(lambda: not (caller.ask_again() or caller.refused), what="acceptance of what was refused")
    plans = names_of_plans(client, "neighbour-")
    assert plans == sorted(f"neighbour-{request_id}" for request_id in caller.accepted)
    tell(f"neighbour stopped, then killed: {refused} refused, asked again: all once", caller)


def failed_calls(gateway: Program, code: str) -> float:
    return gateway.metric("closeloop_call_seconds_count", target="targets", code=code)


def statuses(caller: Caller) -> set[int]:
    refusals = caller.refused.values()
    return {each.response.status_code for each in refusals if isinstance(each, httpx.HTTPStatusError)}


def names_of_plans(client: httpx.Client, prefix: str) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        query = {"page.size": "200", "page.token": token}
        page = client.get(PLANS, params=query).raise_for_status().json()
        found += [plan["name"] for plan in page["plans"]]
        token = page.get("page", {}).get("nextToken", "")
        if not token:
            return sorted(name for name in found if name.startswith(prefix))
