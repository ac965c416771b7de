"""Where a connector may connect to.

Guarantee: outside local mode, no connection is opened to an address of this host or of a private network unless that
network is named in `CLOSELOOP_SOURCE_NETWORKS`. The address that was checked is the one connected to, so a name that
resolves differently a moment later (DNS rebinding) opens no door.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from functools import cache

import httpcore
import httpx

from integration.feeds.errors import SourceFailed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class AddressGuard:
    """`local`: local mode, where the simulators run beside us."""

    def __init__(self, networks: Sequence[str] = (), *, local: bool = False) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(each) for each in networks]
        self._local = local

    def admit(self, host: str, port: int) -> str:
        """The address to connect to. Raises SourceFailed blocked_address, or connect for an unknown name."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise SourceFailed("connect", f"the name {host} does not resolve") from None
        addresses = [str(each[4][0]) for each in found]
        refused = [each for each in addresses if not self.allows(each)]
        if refused or not addresses:
            raise SourceFailed("blocked_address", f"{host} is at {', '.join(refused)}, which is not allowed")
        return addresses[0]

    def allows(self, address: str) -> bool:
        ip = ipaddress.ip_address(address.split("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        named = any(ip.version == network.version and ip in network for network in self._networks)
        return self._local or named or (ip.is_global and not ip.is_multicast)


class _GuardedBackend(httpcore.SyncBackend):
    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        return super().connect_tcp(self._guard.admit(host, port), port, timeout, local_address, socket_options)


class GuardedTransport(httpx.HTTPTransport):
    """httpx over a connection pool whose every connection passes the guard."""

    def __init__(self, guard: AddressGuard) -> None:
        super().__init__(verify=_authorities())
        self._pool = httpcore.ConnectionPool(
            ssl_context=_authorities(),
            max_connections=4,
            keepalive_expiry=15,
            network_backend=_GuardedBackend(guard),
        )


@cache
def _authorities() -> ssl.SSLContext:
    """Whom this machine trusts. Once for the process: reading them takes 25 ms."""
    return ssl.create_default_context()
