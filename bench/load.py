"""Load: calls at a fixed rate (open loop), or callers that each wait for their answer (closed loop).

In the open loop a call is timed from the moment it was meant to begin, so that one slow answer can't hide the calls
that waited behind it (no coordinated omission).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Lock

Call = Callable[[int], object]


@dataclass
class Taken:
    """Seconds of each call that succeeded, and what the others said."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall if self.wall else 0.0

    @property
    def error_share(self) -> float:
        failed = self.errors.total()
        return failed / max(1, failed + len(self.seconds))

    def percentile(self, share: float) -> float:
        """Milliseconds; nan without a call."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")

    def __str__(self) -> str:
        p50, p95, p99 = (self.percentile(share) for share in (0.50, 0.95, 0.99))
        refused = f", errors {dict(+self.errors)}" if self.errors.total() else ""
        return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms of {len(self.seconds)}{refused}"


def open_loop(call: Call, per_second: float, seconds: float, workers: int = 64) -> Taken:
    """`call(n)` for n = 0, 1, …; at most `workers` under way, and the wait for a free one counts."""
    taken = _Notes()
    began = time.perf_counter()
    pool = ThreadPoolExecutor(workers)
    try:
        for number in range(round(per_second * seconds)):
            intended = began + number / per_second
            time.sleep(max(0.0, intended - time.perf_counter()))
            pool.submit(taken.time, call, number, intended)
        pool.shutdown()
    finally:
        pool.shutdown(cancel_futures=True)  # told to end: nobody waits for what has not begun
    return taken.after(began)


def closed_loop(call: Call, callers: int, seconds: float) -> Taken:
    """Numbers are given once each."""
    taken, numbers, began = _Notes(), count(), time.perf_counter()

    def calling() -> None:
        while time.perf_counter() - began < seconds:
            taken.time(call, next(numbers), time.perf_counter())

    with ThreadPoolExecutor(callers) as pool:
        for _ in range(callers):
            pool.submit(calling)
    return taken.after(began)


class _Notes:
    def __init__(self) -> None:
        self._taken = Taken()
        self._lock = Lock()

    def time(self, call: Call, number: int, since: float) -> None:
        try:
            call(number)
        except Exception as failure:  # noqa: BLE001 - counted and shown
            with self._lock:
                self._taken.errors[type(failure).__name__] += 1
        else:
            self._taken.seconds.append(time.perf_counter() - since)

    def after(self, began: float) -> Taken:
        self._taken.wall = time.perf_counter() - began
        return self._taken
