"""Business time. Deadlines of calls, retries, leases and the relay use real time instead."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

ZERO = timedelta(0)


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Stands still until it is told otherwise."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def advance(self, delta: timedelta) -> None:
        self._at += delta


class TimeIsNotMovable(RuntimeError):
    """Time moves in local mode only."""


class TimeMovedBack(ValueError):
    """A jump into the past would leave rows that were written in the future."""


class MovableClock:
    """Real time shifted by what a small file says, shared by all processes that read the same file (P11.3).

    The file holds a pair of instants that coincide; time runs on from there at its usual pace. Without the file,
    business time is real time. A move is atomic, and every process sees it at its next reading.
    """

    def __init__(self, path: Path | str, *, mode: str | None = None) -> None:
        if (mode or os.environ.get("CLOSELOOP_MODE")) != "local":
            raise TimeIsNotMovable("time can be moved only with CLOSELOOP_MODE=local")
        self._path = Path(path)
        self._stamp: tuple[int, int, int] | None = None
        self._shift = ZERO

    def now(self) -> datetime:
        return datetime.now(UTC) + self._current_shift()

    def move_to(self, at: datetime) -> None:
        """Makes it `at` now, for everybody. Going back raises TimeMovedBack, except for the first setting."""
        real = datetime.now(UTC)
        if self._path.exists() and at < real + self._current_shift():
            raise TimeMovedBack(f"business time is already past {at.isoformat()}")
        pair = {"real": real.isoformat(), "business": at.astimezone(UTC).isoformat()}
        with NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as fresh:
            json.dump(pair, fresh)
        # Processes of another user read it too.
        Path(fresh.name).chmod(0o644)
        Path(fresh.name).replace(self._path)

    def _current_shift(self) -> timedelta:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._shift = None, ZERO
            return ZERO
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            pair = json.loads(self._path.read_text(encoding="utf-8"))
            self._shift = datetime.fromisoformat(pair["business"]) - datetime.fromisoformat(pair["real"])
            self._stamp = stamp
        return self._shift
