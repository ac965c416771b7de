"""The gateway as a process: start, one clear line, drain."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from chassis.config import ConfigError, load
from gateway.bootstrap import Gateway
from gateway.settings import GatewaySettings

from .conftest import Opener, closed_port, until
from .neighbours import LEAD, Company


@contextmanager
def process(opener: Opener, log: Path, **changes: object) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """`python -m gateway`, its address and that of its side port."""
    port, side = closed_port(), closed_port()
    own = environment(opener, **({"gateway_port": port, "side_port": side} | changes))
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLOSELOOP_")}
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "gateway"], env=env | own, stderr=out)
        try:
            yield running, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{side}"
        finally:
            if running.poll() is None:
                running.kill()
            running.wait()


def environment(opener: Opener, **changes: object) -> dict[str, str]:
    peers = ",".join(f"{name}={address}" for name, address in opener.values["peers"].items())
    values = opener.values | {"mode": "local", "peers": peers, "kafka_profile": "embedded"} | changes
    return {f"CLOSELOOP_{name.upper()}": str(value) for name, value in values.items()}


def ready(side: str) -> bool:
    try:
        return httpx.get(f"{side}/readyz", trust_env=False, verify=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.spec("P7.3")
def test_told_to_stop_it_finishes_what_runs_and_leaves_in_peace(
    opener: Opener, company: Company, tmp_path: Path
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        go_on.wait(10)

    with process(opener, tmp_path / "log") as (running, url, side):
        until(lambda: ready(side), 60)
        files = next(
            line for line in Path(f"/proc/{running.pid}/limits").read_text().splitlines() if "open files" in line
        )
        assert files.split()[3] == files.split()[4]
        assert "closeloop_http_seconds" in httpx.get(f"{side}/metrics", trust_env=False).text
        assert httpx.get(f"{side}/local/settled", trust_env=False).json()["settled"]
        with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
            token = client.post("/api/v1/session", json={"employeeId": "E00001"}).json()["token"]
            company.refuse = hold
            answers: list[int] = []
            headers = {"authorization": f"Bearer {token}"}
            asking = threading.Thread(
                target=lambda: answers.append(client.get(f"/api/v1/leads/{LEAD}", headers=headers).status_code)
            )
            asking.start()
            assert entered.wait(10)
            running.send_signal(signal.SIGTERM)
            until(lambda: not ready(side))
            go_on.set()
            asking.join(10)
        assert answers == [200]
        assert running.wait(30) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.spec("P4.1")
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"redis_url": ""}, "CLOSELOOP_REDIS_URL must be set"),
        ({"mode": "production", "sign_in": "development"}, "CLOSELOOP_SIGN_IN=development"),
        ({"signing_key": "/nowhere/key.pem"}, "signing key"),
        ({"rate_per_person": "often"}, "CLOSELOOP_RATE_PER_PERSON"),
        ({"cors_origins": "*"}, "CLOSELOOP_CORS_ORIGINS: name each origin"),
        ({"peers": "leads=127.0.0.1:1"}, "CLOSELOOP_PEERS does not name"),
    ],
)
def test_what_keeps_it_from_starting_is_one_clear_line(
    opener: Opener, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], line: str
) -> None:
    for name, value in environment(opener, **changes).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        Gateway(load(GatewaySettings))
    assert line in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.spec("P4.1")
def test_a_busy_port_is_one_clear_line(opener: Opener, tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with process(opener, tmp_path / "log", gateway_port=port) as (running, _, _):
            assert running.wait(60) == 2
    told = (tmp_path / "log").read_text().strip()
    assert f"Port {port}" in told
    assert "CLOSELOOP_GATEWAY_PORT" in told
    assert len(told.splitlines()) == 1
