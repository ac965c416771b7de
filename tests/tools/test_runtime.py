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
    """A real supervisor over small programs. Those of `modules` are imported first, and `go` starts everything."""

    def __init__(self, folder: Path, programs: dict[str, str], modules: dict[str, str] | None = None) -> None:
        self.folder, self.state_file = folder, folder / "processes.json"
        self.plan = [self.as_program(name, "-c", code) for name, code in programs.items()]
        for name, code in (modules or {}).items():
            (folder / name).mkdir()
            (folder / name / "__main__.py").write_text(code)
            self.plan.append(self.as_program(name, "-m", name, "an-argument"))
        arguments = [str(folder / "plan.json"), str(self.state_file), str(folder)]
        if modules:
            arguments += ["--import", *modules]
        else:
            self.write_plan()
        # A machine that sets it would hide that what a program says is kept back.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "closeloop_cli.runtime.supervisor", *arguments],
            stdin=subprocess.PIPE,
            env=environment | {"PYTHONPATH": str(folder), "IT_IS": "the supervisor"},
            text=True,
        )

    def as_program(self, name: str, *words: str) -> dict[str, Any]:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder), "IT_IS": name}
        return {"name": name, "argv": [sys.executable, *words], "env": env}

    def write_plan(self) -> None:
        (self.folder / "plan.json").write_text(json.dumps(self.plan))

    def go(self) -> None:
        assert self.process.stdin is not None
        self.write_plan()
        self.process.stdin.write("start\n")
        self.process.stdin.flush()

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def program(self, name: str) -> dict[str, Any]:
        if not self.state_file.exists():
            return {"pid": 0, "state": "", "restarts": 0}
        found: dict[str, Any] = json.loads(self.state_file.read_text())["programs"][name]
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(programs: dict[str, str], modules: dict[str, str] | None = None) -> Supervised:
        started.append(Supervised(tmp_path, programs, modules))
        return started[-1]

    yield start
    for each in started:
        each.stop()


SLEEPER = "import time; time.sleep(600)"


def test_a_killed_program_is_started_again(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({"sleeper": SLEEPER})
    wait_until(lambda: supervised.program("sleeper")["state"] == "running")
    first = supervised.program("sleeper")["pid"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervised.program("sleeper")["pid"] not in (0, first))
    assert supervised.program("sleeper")["restarts"] == 1


def test_a_program_that_keeps_dying_is_given_up(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({"broken": "raise SystemExit(2)", "sleeper": SLEEPER})
    wait_until(lambda: supervised.program("broken")["state"] == "given_up")
    assert supervised.program("broken")["exitCode"] == 2
    assert supervised.program("sleeper")["state"] == "running"


def test_its_end_leaves_no_program(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({"one": SLEEPER, "two": SLEEPER})
    wait_until(lambda: all(supervised.program(name)["state"] == "running" for name in ("one", "two")))
    pids = [supervised.program(name)["pid"] for name in ("one", "two")]
    supervised.stop()
    assert [birth_of(pid) for pid in pids] == ["", ""]
    assert not supervised.state_file.exists()


SLEEPER_IN_MAIN = f"if __name__ == '__main__':\n    {SLEEPER}"


@pytest.fixture
def library(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text("import os\nIMPORTED_BY = os.getpid()\n")


FORKED = """
import os, sys, time
import library
if __name__ == "__main__":
    print("forked" if library.IMPORTED_BY == os.getppid() else "alone", os.environ["IT_IS"], sys.argv[1:], os.getcwd())
    print(sorted(os.environ), file=sys.stderr)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="programs are forked on Linux alone")
@pytest.mark.usefixtures("library")
def test_an_imported_program_starts_by_fork_as_itself(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({"other": SLEEPER}, {"imported": FORKED})
    supervised.go()
    wait_until(lambda: "PATH" in supervised.log("imported"))
    said, variables = supervised.log("imported").splitlines()
    assert said == "forked imported ['an-argument'] /"
    assert set(json.loads(variables.replace("'", '"'))) == {"IT_IS", "PATH", "PYTHONPATH"}
    wait_until(lambda: supervised.program("other")["state"] == "running")


@pytest.mark.skipif(sys.platform != "linux", reason="programs are forked on Linux alone")
@pytest.mark.usefixtures("library")
def test_a_killed_program_is_forked_again(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({}, {"imported": FORKED})
    supervised.go()
    wait_until(lambda: "forked imported" in supervised.log("imported"))
    wait_until(lambda: supervised.program("imported")["state"] == "running")
    first = supervised.program("imported")["pid"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: supervised.log("imported").count("forked imported") == 2)
    wait_until(lambda: supervised.program("imported")["restarts"] == 1)
    assert supervised.program("imported")["exitCode"] == -signal.SIGKILL


def test_the_end_of_a_forked_program_is_its_own(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({"other": SLEEPER}, {"leaving": "if __name__ == '__main__': raise SystemExit(3)"})
    supervised.go()
    wait_until(lambda: supervised.program("leaving")["state"] == "given_up")
    assert supervised.program("leaving")["exitCode"] == 3
    assert supervised.program("other")["state"] == "running"


def test_what_cannot_be_imported_says_so_in_its_own_log(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({}, {"broken": "import nothing_of_this_name", "whole": SLEEPER_IN_MAIN})
    supervised.go()
    wait_until(lambda: supervised.program("broken")["state"] == "given_up")
    assert "No module named 'nothing_of_this_name'" in supervised.log("broken")
    assert supervised.program("whole")["state"] == "running"


def test_it_ends_when_nobody_can_start_it_any_more(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise({}, {"never": SLEEPER_IN_MAIN})
    supervised.process.communicate(timeout=30)  # closes it
    assert supervised.process.returncode == 0
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
