"""A real gateway over HTTP, with real gRPC services beside it that answer what a test wants."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.bus import Bus, BusSettings
from chassis.config import Mode
from chassis.local import LocalBroker, LocalRedis
from chassis.testing.contracts import Contract, compile_contract
from chassis.testing.identity import Keys
from chassis.testing.rpc import rpc_server
from gateway.bootstrap import Gateway
from gateway.server import DoorServer, listen
from gateway.settings import GatewaySettings

from .neighbours import Company

CONTEXTS = ("activity", "forecast", "incentives", "integration", "leads", "targets")


class Door:
    """A running gateway. `client` is a plain HTTP client, `as_(employee)` one with that person's session."""

    def __init__(self, gateway: Gateway, url: str, company: Company, stack: ExitStack) -> None:
        self.gateway = gateway
        self.url = url
        self.company = company
        self._stack = stack
        self.client = self._new_client({})

    def as_(self, employee_id: str, language: str = "en") -> httpx.Client:
        return self._new_client({"authorization": f"Bearer {self.token(employee_id)}", "accept-language": language})

    def token(self, employee_id: str) -> str:
        answer = self.client.post("/api/v1/session", json={"employeeId": employee_id})
        assert answer.status_code == 200, answer.text
        self.client.cookies.clear()
        return str(answer.json()["token"])

    def _new_client(self, headers: dict[str, str]) -> httpx.Client:
        # Plain HTTP: to read whom this machine trusts, which each client does by itself, takes 25 ms.
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False, verify=False)
        return self._stack.enter_context(client)


class Opener:
    """Opens gateways with settings of a test's own."""

    def __init__(self, keys: Keys, broker: LocalBroker, redis: LocalRedis, folder: Path, peers: dict[str, str]) -> None:
        self._bus = Bus(BusSettings.embedded(broker.bootstrap, fetch_max_wait_ms=20))
        self._keys = keys
        self.values: dict[str, Any] = {
            "mode": Mode.LOCAL,
            "signing_key": keys.path("gateway"),
            "trust": keys.trust,
            "files_url": str(folder / "files"),
            "kafka_bootstrap": broker.bootstrap,
            "redis_url": redis.url,
            "peers": peers,
            "drain": 3,
        }

    @contextmanager
    def open(self, company: Company, *, bus: Bus | None = None, **changes: Any) -> Iterator[Door]:
        gateway = Gateway(GatewaySettings(**(self.values | changes)), bus or self._bus)
        door = listen("127.0.0.1", 0)
        server = DoorServer(gateway.app, gateway.settings, gateway.begin_drain)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
        thread.start()
        try:
            until(lambda: server.started)
            with ExitStack() as stack:
                yield Door(gateway, f"http://127.0.0.1:{door.getsockname()[1]}", company, stack)
        finally:
            server.should_exit = True
            thread.join(15)
        assert not thread.is_alive(), "the gateway did not stop"


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition, never for time."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def the_company(keys: Keys) -> Iterator[Company]:
    """Stand-ins for leads and integration: real gRPC servers with all of the chassis' interceptors."""
    company = Company()
    with (
        rpc_server(company.leads_servicers, keys, name="leads") as leads,
        rpc_server(company.integration_servicers, keys, name="integration") as integration,
    ):
        company.ports = {"leads": leads.port, "integration": integration.port}
        yield company


@pytest.fixture
def company(the_company: Company) -> Company:
    the_company.reset()
    return the_company


@pytest.fixture(scope="session")
def opener(
    keys: Keys, broker: LocalBroker, redis: LocalRedis, the_company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Opener:
    nobody = closed_port()
    peers = {context: f"127.0.0.1:{the_company.ports.get(context, nobody)}" for context in CONTEXTS}
    return Opener(keys, broker, redis, tmp_path_factory.mktemp("gateway"), peers)


@pytest.fixture(scope="session")
def the_door(opener: Opener, the_company: Company) -> Iterator[Door]:
    with opener.open(the_company, rate_per_person="100000/minute", rate_of_sign_in="100000/minute") as door:
        yield door


@pytest.fixture
def door(the_door: Door, company: Company) -> Door:
    """One gateway for most tests; the company behind it is fresh for each."""
    the_door.client.cookies.clear()
    return the_door


@pytest.fixture
def rep(door: Door) -> httpx.Client:
    return door.as_("E00001")


def closed_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """shapes.proto: every shape a contract may use."""
    return compile_contract(Path(__file__).parent / "shapes.proto", tmp_path_factory.mktemp("shapes"))


@pytest.fixture
def events(broker: LocalBroker) -> Bus:
    return Bus(BusSettings.embedded(broker.bootstrap))
