"""A real gRPC server in the test's process, on a free port, and channels that call it as somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pytest

from chassis.config import Mode, Settings
from chassis.identity import Identity
from chassis.rpc.client import Channel
from chassis.rpc.server import Registration, Server, serve
from chassis.testing.identity import Keys


class HasServicers(Protocol):
    """A `chassis.service.Service`."""

    @property
    def servicers(self) -> Sequence[Registration]: ...


Served = HasServicers | Sequence[Registration]


@contextmanager
def rpc_server(served: Served, keys: Keys, *, name: str = "test", **settings: Any) -> Iterator[Server]:
    """Serve a service or some servicers, through all interceptors. Keywords override settings."""
    servicers = served if isinstance(served, Sequence) else served.servicers
    values = {"mode": Mode.LOCAL, "host": "127.0.0.1", "grpc_port": 0, "drain": 1.0, **settings}
    server = serve(Settings(**values), servicers, keys.of(name), name=name)
    try:
        yield server
    finally:
        server.stop()


def channel_to(server: Server, keys: Keys, as_: Identity, *, deadline: float = 10.0) -> Channel:
    """The real client, signing as this identity."""
    return Channel(f"127.0.0.1:{server.port}", keys.signing(as_), as_, deadline=deadline)


class Rpc:
    """`rpc(service, as_=as_rep())` → a channel for a generated stub. One server per service and test."""

    def __init__(self, keys: Keys, stack: ExitStack) -> None:
        self._keys = keys
        self._stack = stack
        self._servers: dict[int, tuple[Served, Server]] = {}

    def __call__(self, served: Served, *, as_: Identity, deadline: float = 10.0) -> Channel:
        channel = channel_to(self.server(served), self._keys, as_, deadline=deadline)
        return self._stack.enter_context(channel)

    def server(self, served: Served) -> Server:
        if id(served) not in self._servers:
            self._servers[id(served)] = served, self._stack.enter_context(rpc_server(served, self._keys))
        return self._servers[id(served)][1]


@pytest.fixture
def rpc(keys: Keys) -> Iterator[Rpc]:
    """In-process servers and channels; all are stopped at the end of the test."""
    with ExitStack() as stack:
        yield Rpc(keys, stack)
