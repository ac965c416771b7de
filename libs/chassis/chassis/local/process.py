"""Starts, watches and stops one server process, guarded or left running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chassis.local import guard
from chassis.local.account import Account


class ServerFailed(RuntimeError):
    """A local server did not start; the text is one line for people plus the end of its log."""


class PortBusy(ServerFailed):
    """The asked-for port is taken by another process."""


def answers(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


@dataclass(frozen=True)
class ServerPlan:
    """What to run. `folder` takes the log and the pid file; `ephemeral` removes it with the server."""

    name: str
    argv: list[str]
    folder: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGINT
    grace: float = 10.0
    ephemeral: bool = False

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def as_json(self, account: Account) -> str:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", **self.env}
        return json.dumps(
            {
                "argv": self.argv,
                "env": environment,
                "log": str(self.log),
                "uid": account.uid,
                "gid": account.gid,
                "stop_signal": self.stop_signal,
                "grace": self.grace,
                "remove": str(self.folder) if self.ephemeral else None,
            }
        )


class ServerProcess:
    """A running server. Guarded: it stops with this process. Detached: only `stop_detached` ends it."""

    def __init__(self, plan: ServerPlan, pid: int, guardian: subprocess.Popen[bytes] | None) -> None:
        self.plan = plan
        self.pid = pid
        self._guardian = guardian
        self._birth = _birth(pid)

    @classmethod
    def guarded(cls, plan: ServerPlan, account: Account) -> ServerProcess:
        guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, plan.as_json(account)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        line = guardian.stdout.readline() if guardian.stdout else b""
        if not line:
            reason = guardian.stderr.read() if guardian.stderr else b""
            raise ServerFailed(f"{plan.name} could not be started: {_last_line(reason)}")
        return cls(plan, int(line), guardian)

    @classmethod
    def detached(cls, plan: ServerPlan, account: Account) -> ServerProcess:
        child = guard.spawn(json.loads(plan.as_json(account)))
        process = cls(plan, child.pid, None)
        plan.pid_file.write_text(json.dumps({"pid": child.pid, "birth": process._birth, "port": plan.port}))
        return process

    def alive(self) -> bool:
        return _runs(self.pid, self._birth)

    def wait_ready(self, ready: Callable[[], bool], seconds: float = 20.0) -> None:
        """Raises ServerFailed with the end of the log when the server exits first or takes too long."""
        give_up = time.monotonic() + seconds
        while not ready():
            if not self.alive() or time.monotonic() > give_up:
                reason = _tail(self.plan.log)
                self.stop()
                raise ServerFailed(f"{self.plan.name} did not start: {reason}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._guardian is None:
            _end(self.pid, self._birth, self.plan.stop_signal, self.plan.grace)
            self.plan.pid_file.unlink(missing_ok=True)
            return
        for stream in (self._guardian.stdin, self._guardian.stdout, self._guardian.stderr):
            if stream is not None:
                stream.close()
        self._guardian.wait()

    def kill(self) -> None:
        """SIGKILL to the whole server, as an outage in tests."""
        os.killpg(self.pid, signal.SIGKILL)
        _wait_gone(self.pid, self._birth, 10)
        # The first thread of many may be gone while others still hold the port.
        give_up = time.monotonic() + 10
        while answers(self.plan.port) and time.monotonic() < give_up:
            time.sleep(0.02)

    def pause(self) -> None:
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)


def detached_port(pid_file: Path) -> int | None:
    """Port of the detached server behind this pid file, None when it does not run any more."""
    record = _read(pid_file)
    return int(record["port"]) if record and _runs(int(record["pid"]), str(record["birth"])) else None


def stop_detached(pid_file: Path, stop_signal: int = signal.SIGINT, grace: float = 10.0) -> bool:
    """Stop a server that an earlier process left running. A reused pid is recognised and left alone."""
    record = _read(pid_file)
    pid_file.unlink(missing_ok=True)
    return bool(record) and _end(int(record["pid"]), str(record["birth"]), stop_signal, grace)


def _read(pid_file: Path) -> dict[str, int | str]:
    try:
        return dict(json.loads(pid_file.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _end(pid: int, birth: str, stop_signal: int, grace: float) -> bool:
    if not _runs(pid, birth):
        return False
    os.kill(pid, stop_signal)
    if not _wait_gone(pid, birth, grace):
        os.killpg(pid, signal.SIGKILL)
        _wait_gone(pid, birth, 5)
    return True


def _wait_gone(pid: int, birth: str, seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while _runs(pid, birth):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def _runs(pid: int, birth: str) -> bool:
    with contextlib.suppress(OSError):  # reap our own child, else it stays as a zombie and looks alive
        os.waitpid(pid, os.WNOHANG)
    return bool(birth) and _birth(pid) == birth


def _birth(pid: int) -> str:
    """When the process was born, as the system tells it; empty when there is none. Tells a reused pid apart."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        if Path("/proc/self").exists():
            return ""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else "no log"


def _last_line(text: bytes) -> str:
    return (text.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
