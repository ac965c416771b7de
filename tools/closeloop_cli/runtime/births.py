"""Processes by number and birth, so that a number used again is never taken for ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HAS_PROC = Path("/proc/self").exists()


@dataclass(frozen=True)
class Born:
    pid: int
    birth: str

    def lives(self) -> bool:
        return bool(self.birth) and birth_of(self.pid) == self.birth

    def send(self, number: signal.Signals) -> None:
        if self.lives():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, grace: float) -> None:
        """SIGTERM, and after the grace SIGKILL."""
        self.send(signal.SIGTERM)
        if not self.gone_within(grace):
            self.send(signal.SIGKILL)
            self.gone_within(5)

    def gone_within(self, seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while self.lives():
            if time.monotonic() > give_up:
                return False
            time.sleep(0.02)
        return True


def birth_of(pid: int) -> str:
    """Start time as the kernel counts it; empty when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if HAS_PROC else by_ps(pid)
    return "" if fields[0] == "Z" else fields[19]


def by_ps(pid: int) -> str:
    """Where there is no /proc (macOS): start time to the second, as `ps` tells it."""
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = found.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def born(pid: int) -> Born:
    return Born(pid, birth_of(pid))
