from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.local.ports import free_port
from simulators.__main__ import serve
from simulators.settings import SimulatorSettings

EMPLOYEES = [
    {"employeeId": f"E{n:05d}", "name": name, "status": "ACTIVE", "orgPath": "/HQ/EAST/HZ1/", "leftOn": None}
    for n, name in enumerate(["李娜", "张伟", "王芳"], start=1)
]
ORDERS = [
    {"OrderId": f"SO-{n}", "ContractNo": f"CL-{n}", "TotalAmount": f"{n}000.00", "Version": 1} for n in range(1, 6)
]
ACCOUNT = {"account": "571900001", "bank": "CLSMCNBJ", "name": "Closeloop", "currency": "CNY", "opening": "1000.00"}


@dataclass(frozen=True)
class Running:
    settings: SimulatorSettings

    def url(self, simulator: str) -> str:
        return f"http://127.0.0.1:{getattr(self.settings, f'sim_{simulator}_port')}"

    def get(self, simulator: str, path: str, **params: Any) -> httpx.Response:
        key = getattr(self.settings, f"{simulator}_key", "")
        # A URL of a link carries its own query, which an empty `params` would wipe out.
        query = {"params": params} if params else {}
        return httpx.get(self.url(simulator) + path, headers={"X-Api-Key": key}, timeout=5, verify=False, **query)

    def get_with(self, simulator: str, path: str, headers: dict[str, str]) -> httpx.Response:
        return httpx.get(self.url(simulator) + path, headers=headers, timeout=5, verify=False)

    def post(self, simulator: str, path: str, body: object) -> httpx.Response:
        return httpx.post(self.url(simulator) + path, json=body, timeout=5, verify=False)


def write(path: Path, records: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), encoding="utf-8")


@pytest.fixture
def simulators(tmp_path: Path) -> Iterator[Running]:
    """The real servers on free ports, with a small company."""
    write(tmp_path / "hr/employees.json", EMPLOYEES)
    write(tmp_path / "hr/units.json", [{"path": "/HQ/EAST/HZ1/", "name": "杭州一组", "managerId": "E00001"}])
    write(tmp_path / "erp/orders.json", ORDERS)
    write(tmp_path / "bank/accounts.json", [ACCOUNT])
    names = ["hr", "erp", "bank", "wecom", "mail", "smtp", "imap", "dingtalk", "telephony", "tender", "registry",
             "pos"]  # fmt: skip
    ports = {f"sim_{name}_port": free_port() for name in names}
    settings = SimulatorSettings(sim_data=tmp_path, **ports)
    with running(settings):
        yield Running(settings)


class running:
    """Runs the simulators in a thread of their own until the block ends."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(serve(settings, self._stop),), daemon=True
        )

    def __enter__(self) -> None:
        self._thread.start()
        for port in [self._settings.sim_hr_port, self._settings.sim_mail_port, self._settings.sim_smtp_port]:
            wait_for(port)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()


def wait_for(port: int) -> None:
    """The connection itself waits: the listener is bound before the servers run."""
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            threading.Event().wait(0.01)
        else:
            return
    raise AssertionError(f"nothing listens on {port}")
