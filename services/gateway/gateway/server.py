"""The HTTP server: uvicorn, with a drain that ends live streams first."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from sse_starlette.sse import AppStatus

from chassis.config import ConfigError
from gateway.settings import GatewaySettings
from gateway.wire import patient

# Bytes of an answer that the kernel may hold beside what is on its way.
MOST_UNSENT = 128 << 10


class DoorServer(uvicorn.Server):
    """Told to stop: no new connection, streams end with a hint when to come back, running requests are finished."""

    def __init__(self, app: Any, settings: GatewaySettings, begin_drain: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                http=patient(settings.header_timeout, settings.header_limit),
                ws="none",
                timeout_keep_alive=65,
                timeout_graceful_shutdown=round(settings.drain),
                forwarded_allow_ips=settings.trusted_proxies,
            )
        )
        self._begin_drain = begin_drain
        # Streams end by our own word; the library would cut them off without one.
        AppStatus.enable_automatic_graceful_drain = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._begin_drain()
        await super().shutdown(sockets)


def allow_many_connections() -> None:
    """Each open stream is a file; the usual soft limit of 1,024 is for programs that don't expect guests."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listen(host: str, port: int) -> socket.socket:
    """Raises ConfigError when somebody else holds the port."""
    # TCP by name: asyncio turns off Nagle's waiting only for sockets that say so, and it costs 40 ms per answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        # Connections inherit it: what a page doesn't read piles up here, where it is noticed, not in the kernel.
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)
    try:
        door.bind((host, port))
    except OSError:
        door.close()
        raise ConfigError(
            f"Port {port} on {host} can't be used, probably something else listens on it: set CLOSELOOP_GATEWAY_PORT."
        ) from None
    door.listen(2048)
    return door
