"""Runs the notebook service as a process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.local.ports import free_port
from chassis.testing.contracts import Contract, compile_contract
from chassis.testing.identity import Keys

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return compile_contract(HERE.parent / "rpc" / "notebook.proto", tmp_path_factory.mktemp("contract"))


class Running:
    """One started process. Its log is JSON lines on stderr."""

    def __init__(self, environment: dict[str, str], role: str) -> None:
        self.grpc_port = int(environment["CLOSELOOP_GRPC_PORT"])
        self.side = f"http://127.0.0.1:{environment['CLOSELOOP_SIDE_PORT']}"
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "notebook_service.py"), role],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> dict[str, Any]:
        """Answer of /readyz; the process's own words when it ended instead."""
        while not self._ended(within=0.02):
            with contextlib.suppress(httpx.TransportError):
                return dict(self.ask("/readyz"))
        pytest.fail(f"ended with {self.process.returncode}: {self.process.communicate()[1]}")

    def ask(self, path: str) -> Any:
        """The side port's answer. Plain HTTP: reading whom this machine trusts would take 25 ms each time."""
        return httpx.get(self.side + path, timeout=10, verify=False).json()

    def _ended(self, within: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(within)
        return self.process.returncode is not None

    def wait_until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not condition(answer := self.ready()):
            pass
        return answer

    def health(self) -> str:
        """What a health probe hears; "gone" when nobody listens."""
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
            except grpc.RpcError:
                return "gone"
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and log, once it has ended."""
        _, words = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in words.splitlines() if line.startswith("{")]


Start = Callable[..., Running]


@pytest.fixture
def environment(contract: Contract, keys: Keys) -> dict[str, str]:
    keys.of("notebook")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CLOSELOOP_")},
        "PYTHONPATH": os.pathsep.join(filter(None, [str(contract.folder), os.environ.get("PYTHONPATH")])),
        "CLOSELOOP_MODE": "local",
        "CLOSELOOP_GRPC_PORT": str(free_port()),
        "CLOSELOOP_SIDE_PORT": str(free_port()),
        "CLOSELOOP_SIGNING_KEY": str(keys.path("notebook")),
        "CLOSELOOP_TRUST": str(keys.trust),
        "CLOSELOOP_KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """`start("serve", CLOSELOOP_DATABASE_URL=…)`; what still runs at the end of the test is killed."""
    started: list[Running] = []

    def run(role: str, **changes: str) -> Running:
        started.append(Running(environment | changes, role))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()
