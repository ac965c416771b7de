from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from closeloop_cli.business_time import read_target
from closeloop_cli.runtime.births import Born, birth_of, by_ps
from closeloop_cli.runtime.layout import CannotRun, Layout
from closeloop_cli.runtime.memory import pss_of
from closeloop_cli.runtime.system import System

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it never came true")


class Supervised:
    """A real supervisor over small programs."""

    def __init__(self, folder: Path, programs: dict[str, str]) -> None:
        self.state_file = folder / "processes.json"
        plan = [
            {"name": name, "argv": [sys.executable, "-c", code], "env": {"PATH": os.environ["PATH"]}}
            for name, code in programs.items()
        ]
        (folder / "plan.json").write_text(json.dumps(plan))
        arguments = [str(folder / "plan.json"), str(self.state_file), str(folder)]
        self.process = subprocess.Popen([sys.executable, "-m", "closeloop_cli.runtime.supervisor", *arguments])

    def program(self, name: str) -> dict[str, Any]:
        if not self.state_file.exists():
            return {"pid": 0, "state": "", "restarts": 0}
        found: dict[str, Any] = json.loads(self.state_file.read_text())["programs"][name]
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Supervised]]:
    started: list[Supervised] = []

    def start(programs: dict[str, str]) -> Supervised:
        started.append(Supervised(tmp_path, programs))
        return started[-1]

    yield start
    for each in started:
        each.stop()


SLEEPER = "import time; time.sleep(600)"


def test_a_killed_program_is_started_again(supervise: Callable[[dict[str, str]], Supervised]) -> None:
    supervised = supervise({"sleeper": SLEEPER})
    wait_until(lambda: supervised.program("sleeper")["state"] == "running")
    first = supervised.program("sleeper")["pid"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervised.program("sleeper")["pid"] not in (0, first))
    assert supervised.program("sleeper")["restarts"] == 1


def test_a_program_that_keeps_dying_is_given_up(supervise: Callable[[dict[str, str]], Supervised]) -> None:
    supervised = supervise({"broken": "raise SystemExit(2)", "sleeper": SLEEPER})
    wait_until(lambda: supervised.program("broken")["state"] == "given_up")
    assert supervised.program("broken")["exitCode"] == 2
    assert supervised.program("sleeper")["state"] == "running"


def test_its_end_leaves_no_program(supervise: Callable[[dict[str, str]], Supervised]) -> None:
    supervised = supervise({"one": SLEEPER, "two": SLEEPER})
    wait_until(lambda: all(supervised.program(name)["state"] == "running" for name in ("one", "two")))
    pids = [supervised.program(name)["pid"] for name in ("one", "two")]
    supervised.stop()
    assert [birth_of(pid) for pid in pids] == ["", ""]
    assert not supervised.state_file.exists()


def test_ps_tells_births_where_there_is_no_proc() -> None:
    mine = by_ps(os.getpid())
    assert mine
    assert by_ps(os.getpid()) == mine
    assert by_ps(2**22 + 1) == ""


def test_a_number_used_again_is_not_ours() -> None:
    mine = Born(os.getpid(), birth_of(os.getpid()))
    assert mine.lives()
    assert not Born(os.getpid(), "1").lives()


@pytest.mark.spec("P4.1")
def test_a_busy_gateway_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        layout = Layout(tmp_path, {"CLOSELOOP_GATEWAY_PORT": str(taken.getsockname()[1])})
        with pytest.raises(CannotRun, match=r"^Port \d+ is taken by another program: choose one"):
            System(layout).prepare()


def test_ports_stay_the_same_and_can_be_set(tmp_path: Path) -> None:
    first = Layout(tmp_path, {})
    first.keep_ports()
    again = Layout(tmp_path, {"CLOSELOOP_PORT_LEADS_SIDE": "45001", "CLOSELOOP_GATEWAY_PORT": "45002"})
    assert again.ports["targets.grpc"] == first.ports["targets.grpc"]
    assert (again.ports["leads.side"], again.ports["gateway"]) == (45001, 45002)
    assert len(set(first.ports.values())) == len(first.ports)


@pytest.mark.spec("P4.2")
def test_servers_of_the_user_s_own_replace_ours(tmp_path: Path) -> None:
    outside = {"CLOSELOOP_KAFKA_BOOTSTRAP": "kafka.example:9092", "CLOSELOOP_REDIS_URL": "redis://cache.example/0"}
    layout = Layout(tmp_path, outside)
    (leads,) = (p for p in layout.programs(dict.fromkeys(DATABASES, "postgresql://x/y"), []) if p.name == "leads")
    assert leads.env["CLOSELOOP_KAFKA_BOOTSTRAP"] == "kafka.example:9092"
    assert leads.env["CLOSELOOP_KAFKA_PROFILE"] == "kafka"
    assert leads.env["CLOSELOOP_REDIS_URL"] == "redis://cache.example/0"
    assert not layout.has_own_broker


DATABASES = ("leads", "activity", "targets", "incentives", "forecast", "integration")


def test_a_program_sees_settings_and_not_the_caller_s_secrets(tmp_path: Path) -> None:
    layout = Layout(tmp_path, {"PATH": "/bin", "SECRET_TOKEN": "x", "CLOSELOOP_LOG_LEVEL": "DEBUG"})
    programs = layout.programs(dict.fromkeys(DATABASES, "postgresql://x/y"), ["1"])
    assert all("SECRET_TOKEN" not in program.env for program in programs)
    assert all(program.env["CLOSELOOP_LOG_LEVEL"] == "DEBUG" for program in programs)


def test_memory_is_measured() -> None:
    assert pss_of(os.getpid()) > 1024**2
    assert pss_of(2**22 + 1) == 0


@pytest.mark.spec("P11.3")
@pytest.mark.parametrize(
    ("text", "hours"), [("+24h", 24.0), ("+30m", 0.5), ("+2d", 48.0), ("2026-03-10T13:00:00+08:00", 1.0)]
)
def test_times_to_move_to(text: str, hours: float) -> None:
    assert read_target(text, NOON) - NOON == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["tomorrow", "+3x", "2026-03-10T13:00:00", ""])
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CannotRun, match=r"^[^\n]+$"):
        read_target(text, NOON)
