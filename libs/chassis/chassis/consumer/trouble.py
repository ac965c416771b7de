"""Sorts what went wrong while handling an event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.errors import CloseloopError, DeadlineExceeded, ResourceExhausted, Unavailable
from chassis.events import DoesNotFit, MalformedEvent, UnknownEvent

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
LONGEST_REASON = 500


class DatabaseAway(ConnectionError):
    """The service's own database does not answer: no event's fault. Try the whole poll again."""


def is_database_away(problem: BaseException) -> bool:
    if isinstance(problem, DatabaseAway | PoolTimeout | InterfaceError):
        return True
    if isinstance(problem, DBAPIError) and problem.connection_invalidated:
        return True
    state = _state(problem)
    # No state: never connected. 08: connection lost. 57P: server is stopping or starting.
    return isinstance(problem, OperationalError) and (not state or state.startswith(("08", "57P")))


@contextmanager
def own_database() -> Iterator[None]:
    """Raises DatabaseAway for all the ways in which libraries say it."""
    try:
        yield
    except Exception as problem:
        if is_database_away(problem) and not isinstance(problem, DatabaseAway):
            raise DatabaseAway(str(problem)) from problem
        raise


def is_collision(problem: BaseException) -> bool:
    """Two transactions were in each other's way; the same work done alone or later succeeds."""
    return _state(problem) in (_DEADLOCK, _SERIALIZATION)


def is_hopeless(problem: BaseException) -> bool:
    """Trying again can't help: the event itself can't be read."""
    return isinstance(problem, MalformedEvent | UnknownEvent | DoesNotFit)


def is_patience(problem: BaseException) -> bool:
    """A neighbour is away or overloaded: neither the event's fault nor the release's."""
    return isinstance(problem, Unavailable | DeadlineExceeded | ResourceExhausted)


def reason(problem: BaseException) -> str:
    """For people who look at the parked event. Never a whole statement with its parameters."""
    name = problem.reason if isinstance(problem, CloseloopError) else type(problem).__name__
    words = str(problem.orig) if isinstance(problem, DBAPIError) else str(problem)
    return f"{name}: {words}"[:LONGEST_REASON]


def _state(problem: BaseException) -> str:
    return str(getattr(getattr(problem, "orig", None), "sqlstate", "") or "")
