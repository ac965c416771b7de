"""Processes that the tests start, kill and start again, and what they say about themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from chassis.local.ports import free_port
from tests.faults.scale import IS_FULL

PATIENCE = 300.0 if IS_FULL else 60.0
# A look every so often; a condition is waited for, never a time.
LOOK = 0.02


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE, what: str = "it") -> None:
    """Fails the test when the condition has not come true within `seconds` of real time."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"{what} did not come true"
        time.sleep(LOOK)


class Program:
    """One process at fixed ports, so that it comes back where its neighbours look for it. Its log stays in a file."""

    def __init__(self, argv: list[str], env: Mapping[str, str], log: Path) -> None:
        self.argv = argv
        self.log = log
        self.grpc_port = free_port()
        self.side_port = free_port()
        self.env = {
            **env,
            "CLOSELOOP_MODE": "local",
            "CLOSELOOP_GRPC_PORT": str(self.grpc_port),
            "CLOSELOOP_SIDE_PORT": str(self.side_port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **changes: str) -> Program:
        with self.log.open("ab") as log:
            self._close_input()
            self._process = subprocess.Popen(
                self.argv, env={**self.env, **changes}, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        assert self.process.wait(20) == -signal.SIGKILL

    def terminate(self) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0, self.said()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._close_input()

    def _close_input(self) -> None:
        """Open while the program runs: a program whose tests are gone sees the end of it and ends too."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def died_at_fault_point(self) -> bool:
        return self.process.poll() == -signal.SIGKILL

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    # The side port.
    def not_ready(self) -> list[str]:
        """Why it is not ready, in its own words; "no answer" while nobody listens."""
        assert self.is_alive(), self.said()
        try:
            return list(self._ask("/readyz").json()["why"])
        except httpx.TransportError:
            return ["no answer"]

    def wait_until_ready(self) -> Program:
        wait_for(lambda: not self.not_ready(), what=f"readiness of {self.log.stem}")
        return self

    def is_settled(self) -> bool:
        return bool(self._ask("/local/settled").json()["settled"])

    def arm(self, point: str) -> None:
        self._ask("/local/fault", "POST", json={"point": point}).raise_for_status()

    def metric(self, name: str, **labels: str) -> float:
        """Sum over all series of that name that carry the labels."""
        page = self._ask("/metrics").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def _ask(self, path: str, method: str = "GET", **body: Any) -> httpx.Response:
        # Plain HTTP: authorities would be read anew at each look, which takes longer than the look.
        url = f"http://127.0.0.1:{self.side_port}{path}"
        return httpx.request(method, url, timeout=10, trust_env=False, verify=False, **body)


def module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def clean_environment() -> dict[str, str]:
    """This process's, without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CLOSELOOP_")}
