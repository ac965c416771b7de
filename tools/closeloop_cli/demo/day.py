"""What every step of the day works with."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from closeloop_cli.business_time import BusinessTime
from closeloop_cli.demo.telling import Teller
from closeloop_cli.door import Door, Person
from closeloop_cli.load.history import read
from closeloop_cli.runtime.layout import ROOT, CannotRun, Layout
from closeloop_cli.runtime.readiness import settle
from closeloop_cli.runtime.system import System

ORACLE = "tools.oracle.expected"


def ask_oracle(layout: Layout, module: str = ORACLE) -> subprocess.Popen[str]:
    """A process of its own, which sees the seed folder and nothing else; it computes while the system starts."""
    command = [sys.executable, "-m", module, str(layout.company)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@dataclass
class Day:
    system: System
    door: Door
    teller: Teller
    oracle: subprocess.Popen[str] | None = None
    # Lead ids by the row of the file they came from, and other ids that later steps go on with.
    leads: dict[int, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        return self.system.layout

    @cached_property
    def company(self) -> dict[str, Any]:
        return dict(read(self.layout.company / "company.json"))

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What the oracle says."""
        oracle = self.oracle or ask_oracle(self.layout)
        said, failure = oracle.communicate()
        if oracle.returncode:
            raise CannotRun(f"the oracle failed: {failure.strip().splitlines()[-1]}")
        return dict(json.loads(said))

    @cached_property
    def time(self) -> BusinessTime:
        return BusinessTime(self.layout)

    @cached_property
    def employees(self) -> dict[str, dict[str, Any]]:
        return {e["employeeId"]: e for e in read(self.layout.company / "systems/hr/employees.json")}

    def person(self, role: str) -> Person:
        """Somebody of the cast: star, newcomer, manager, director, head, operations, finance."""
        return self.door.as_(self.company["cast"][role])

    def name(self, employee_id: str) -> str:
        return str(self.employees[employee_id]["name"]) if employee_id in self.employees else employee_id

    def lead_of(self, role: str) -> str:
        """Id of a lead of the story: keyAccount, newcomer, chat, call, silent, explained."""
        return self.leads[self.company["rows"][role]]

    def settle(self) -> None:
        settle(self.layout)

    def simulate(self, simulator: str, command: str, body: dict[str, Any]) -> Any:
        url = f"{self.layout.simulator_url(simulator)}/_sim/{command}"
        answer = httpx.post(url, json=body, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def show_last_call(self, person: Person) -> None:
        """The newest call of somebody, to be repeated by hand."""
        last = next(call for call in reversed(self.door.calls) if call.person == person.employee_id)
        self.teller.call(last.as_curl())
