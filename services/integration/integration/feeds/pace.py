"""How often a source is asked (N1.2)."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from chassis.telemetry import logger

LONGEST_NAP = 1.0
log = logger()


class Pace:
    """At most so many requests a minute of each source: of all replicas while Redis answers, else of this process.

    Redis away slows nobody down and stops nobody: a source that is asked a little more often is the lesser evil.
    """

    def __init__(self, redis_url: str = "") -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared: RateLimiter | None = None
        self._alone = False
        if redis_url:
            storage = storage_from_string(redis_url, wrap_exceptions=True, socket_timeout=1, socket_connect_timeout=1)
            self._shared = MovingWindowRateLimiter(storage)

    def wait(self, source: str, per_minute: int) -> None:
        """Returns when it is the caller's turn."""
        limit = RateLimitItemPerMinute(per_minute)
        while (pause := self._pause(limit, source)) > 0:
            time.sleep(min(pause, LONGEST_NAP))

    def is_turn(self, source: str, per_minute: int) -> bool:
        """For callers that have a queue instead of patience."""
        return self._pause(RateLimitItemPerMinute(per_minute), source) == 0

    def _pause(self, limit: RateLimitItemPerMinute, source: str) -> float:
        """0 when the request may go, else seconds until the next look."""
        if self._shared is not None:
            try:
                pause = _ask(self._shared, limit, source)
            except StorageError:
                self._say(alone=True)
            else:
                self._say(alone=False)
                return pause
        return _ask(self._own, limit, source)

    def _say(self, *, alone: bool) -> None:
        """Once when it changes."""
        if alone != self._alone:
            self._alone = alone
            log.warning("source.pace", shared=not alone)


def _ask(limiter: RateLimiter, limit: RateLimitItemPerMinute, source: str) -> float:
    if limiter.hit(limit, "source", source):
        return 0.0
    return max(limiter.get_window_stats(limit, "source", source).reset_time - time.time(), 0.01)
