"""Processes by number and birth, so that a number used again is never taken for ours."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


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
        return ""
    return "" if fields[0] == "Z" else fields[19]


def born(pid: int) -> Born:
    return Born(pid, birth_of(pid))
