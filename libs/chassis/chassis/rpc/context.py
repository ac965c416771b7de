"""What is known about the RPC being served, reachable from anywhere below it without passing it along."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from chassis.errors import Locale
from chassis.identity import Identity
from chassis.rpc.method import Method

LOCALE_HEADER = "x-closeloop-locale"
IDENTITY_HEADER = "x-closeloop-identity"
# Milliseconds. gRPC's own timeout arrives up to 3 % longer than it was sent: it saves header bytes that way.
TIME_LEFT_HEADER = "x-closeloop-time-left"

_current: ContextVar[Call | None] = ContextVar("closeloop_call", default=None)


@dataclass
class Call:
    """One RPC. `deadline` is an instant of the monotonic clock, in seconds; `secret` the service's own (Keyring)."""

    method: Method
    headers: Mapping[str, str]
    deadline: float
    token: str = ""
    secret: bytes = field(default=b"", repr=False)
    _identity: Identity | None = field(default=None, repr=False)

    @property
    def identity(self) -> Identity:
        """Who is calling. Raises LookupError before the identity was checked."""
        if self._identity is None:
            raise LookupError("the call's identity has not been checked")
        return self._identity

    def identify(self, identity: Identity, token: str) -> None:
        self._identity, self.token = identity, token

    @property
    def remaining(self) -> float:
        """Seconds left for the answer; negative when it is too late."""
        return self.deadline - time.monotonic()

    @property
    def locale(self) -> Locale:
        return "en" if self.headers.get(LOCALE_HEADER, "zh").lower().startswith("en") else "zh"


def current() -> Call:
    """The RPC being served. Raises LookupError outside one: in consumers, jobs and clocks."""
    call = _current.get()
    if call is None:
        raise LookupError("no RPC is being served here")
    return call


def current_or_none() -> Call | None:
    return _current.get()


@contextmanager
def serving(call: Call) -> Iterator[None]:
    """Make it the current call for a block."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)
