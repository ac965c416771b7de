"""Keeps the background loops of a process running."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from chassis import telemetry
from chassis.metrics import metrics

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 15.0
# A loop that ran this long since its crash is well again.
RECOVERED = 5.0

log = telemetry.logger()


@dataclass(frozen=True)
class Loop:
    """`run(stop)` works until the event is set. Ending before, in whatever way, is a crash."""

    name: str
    run: Callable[[Event], None]


@dataclass
class _Crash:
    why: str
    up_since: float | None = None

    def is_over(self) -> bool:
        return self.up_since is not None and time.monotonic() - self.up_since > RECOVERED


class Supervisor:
    """One thread per loop.

    Guarantee: a loop that crashes is started again, after pauses that grow to 15 seconds while it keeps crashing; the
    others go on. `troubles` names the loops that are down, or were until a moment ago, and why.
    """

    def __init__(self, loops: Sequence[Loop]) -> None:
        self._stop = Event()
        self._crashes: dict[str, _Crash] = {}
        self._threads = [Thread(target=self._keep, args=(loop,), name=loop.name, daemon=True) for loop in loops]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, within: float) -> None:
        """Tell all loops to end and wait for them, `within` seconds in all."""
        self._stop.set()
        ends = time.monotonic() + within
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, ends - time.monotonic()))

    def troubles(self) -> list[str]:
        return [f"{name}: {crash.why}" for name, crash in list(self._crashes.items()) if not crash.is_over()]

    def _keep(self, loop: Loop) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            last = self._crashes.get(loop.name)
            if last is not None:
                last.up_since = time.monotonic()
            why = _run(loop, self._stop)
            if self._stop.is_set():
                return
            pause = FIRST_PAUSE if last is None or last.is_over() else min(pause * 2, LONGEST_PAUSE)
            self._crashes[loop.name] = _Crash(why)
            metrics.loop_restarts.labels(loop.name).inc()
            self._stop.wait(pause)


def _run(loop: Loop, stop: Event) -> str:
    """Why it ended."""
    try:
        loop.run(stop)
    except Exception as crash:
        log.exception("loop.crashed", loop=loop.name)
        words = str(crash).splitlines()
        return f"{type(crash).__name__}: {words[0] if words else ''}"
    return "ended by itself"
