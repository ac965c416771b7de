"""One system per run, brought up by `closeloop demo` as a user would, in a folder and on ports of its own.

The cases are told first, then the day, which ends by taking the system down with all its files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.local.ports import free_port


@dataclass
class Played:
    """The system after its day. `story` is what the demo printed."""

    folder: Path
    environment: dict[str, str]
    url: str
    story: str = ""
    exit_code: int = -1
    tokens: dict[str, str] = field(default_factory=dict)

    def closeloop(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "closeloop_cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=1100)

    def told(self, *story: str) -> Played:
        """The same system once the story is over; sessions of an earlier one are gone."""
        done = self.closeloop("demo", *story)
        return replace(self, story=done.stdout + done.stderr, exit_code=done.returncode, tokens={})

    def token(self, employee_id: str) -> str:
        if employee_id not in self.tokens:
            who = {"employeeId": employee_id}
            answer = httpx.post(f"{self.url}/api/v1/session", json=who, timeout=20, verify=False)
            self.tokens[employee_id] = str(answer.json()["token"])
        return self.tokens[employee_id]

    def call(self, method: str, path: str, as_: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(as_)}", **arguments.pop("headers", {})}
        return httpx.request(method, self.url + path, headers=headers, timeout=30, verify=False, **arguments)

    def get(self, path: str, as_: str, **query: Any) -> Any:
        answer = self.call("GET", path, as_, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def all(self, path: str, name: str, as_: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        page = {"page.size": 200}
        while True:
            answer = self.get(path, as_, **query, **page)
            found += answer[name]
            if not answer["page"]["nextToken"]:
                return found
            page["page.token"] = answer["page"]["nextToken"]

    def processes(self) -> list[str]:
        """Command lines of everything that still runs for this system."""
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and process.name != str(os.getpid()):
                try:
                    said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.folder).encode() in said:
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


@pytest.fixture(scope="session")
def home() -> Iterator[Played]:
    """Nothing runs yet. Stories that are told one after the other share the loaded company."""
    folder = Path(tempfile.mkdtemp(prefix="closeloop-e2e-"))
    folder.chmod(0o755)  # as root the servers run under another user, who must get in
    port = free_port()
    kept = ("CLOSELOOP_BROKER", "CLOSELOOP_KAFKA_JARS")
    environment = {n: value for n, value in os.environ.items() if n in kept or not n.startswith("CLOSELOOP_")}
    environment |= {"CLOSELOOP_DATA": str(folder / "data"), "CLOSELOOP_GATEWAY_PORT": str(port), "COLUMNS": "200"}
    system = Played(folder / "data", environment, f"http://127.0.0.1:{port}")
    yield system
    system.closeloop("down", "--remove-data")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def played(home: Played) -> Played:
    """The day was told."""
    return home.told()


@pytest.fixture(scope="session")
def outage(home: Played) -> Played:
    """The story of the HR outage was told."""
    return home.told("hr-outage")
