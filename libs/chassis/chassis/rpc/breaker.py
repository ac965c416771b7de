"""A circuit breaker for a neighbour: after five failures in a row it is left alone for some seconds, then probed once.

pybreaker holds its lock while it calls; calls to a healthy neighbour must run side by side. So in the closed state the
call is made outside and only its outcome is reported; the probe after a pause runs inside, alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pybreaker

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.rpc.status import MethodNotKnown

T = TypeVar("T")


class NeighbourResting(Unavailable):
    """The neighbour failed repeatedly and is not asked at the moment."""


class Breaker:
    def __init__(self, neighbour: str, *, failures: int = 5, pause: float = 3.0) -> None:
        self._pause = timedelta(seconds=pause)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=pause,
            name=neighbour,
            listeners=[_Log()],
            throw_new_error_on_trip=False,
            # One that lacks a method of the next release answers all others.
            exclude=[lambda error: not isinstance(error, Unavailable) or isinstance(error, MethodNotKnown)],
        )

    def call(self, attempt: Callable[[], T]) -> T:
        """Raises NeighbourResting without calling while the neighbour is left alone."""
        try:
            if self._breaker.current_state != pybreaker.STATE_CLOSED:
                return self._breaker.call(attempt)
        except pybreaker.CircuitBreakerError:
            raise NeighbourResting(retry_after=self._pause) from None
        return self._reported(attempt)

    def _reported(self, attempt: Callable[[], T]) -> T:
        try:
            answer = attempt()
        except Unavailable as failure:
            self._report(failure)
            raise
        if self._breaker.fail_counter:
            self._report(None)
        return answer

    def _report(self, failure: Unavailable | None) -> None:
        def outcome() -> None:
            if failure is not None:
                raise failure

        with contextlib.suppress(Unavailable, pybreaker.CircuitBreakerError):
            self._breaker.call(outcome)


class _Log(pybreaker.CircuitBreakerListener):
    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: object, new_state: object) -> None:
        telemetry.logger().warning("neighbour.breaker", neighbour=cb.name, state=getattr(new_state, "name", ""))
