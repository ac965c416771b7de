"""Which trouble of the database passes by itself. Those answers say "try again", the others are incidents."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from chassis.errors import CloseloopError, Conflict, DeadlineExceeded, Unavailable

_SOON = timedelta(seconds=1)
_STATEMENT_TIMEOUT = "57014"
_SOMEBODY_ELSE = ("40001", "40P01")  # serialization failure, deadlock
_BUSY_OR_STARTING = ("55P03", "53300", "57P01", "57P02", "57P03", "53100")


def as_family(failure: Exception) -> CloseloopError | None:
    """None when it is not the database's passing trouble."""
    if isinstance(failure, NoFreeConnection):
        return Unavailable(retry_after=_SOON)
    if not isinstance(failure, DBAPIError):
        return None
    state = getattr(failure.orig, "sqlstate", None)
    if state in _SOMEBODY_ELSE:
        return Conflict()
    if state == _STATEMENT_TIMEOUT:
        return DeadlineExceeded()
    if failure.connection_invalidated or state in _BUSY_OR_STARTING or _never_connected(failure, state):
        return Unavailable(retry_after=_SOON)
    return None


def _never_connected(failure: DBAPIError, state: str | None) -> bool:
    """The server was not reached at all: an operational error without any SQLSTATE, or class 08."""
    return type(failure).__name__ == "OperationalError" and (state is None or state.startswith("08"))
