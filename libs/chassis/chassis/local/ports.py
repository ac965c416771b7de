"""Free ports on 127.0.0.1 for servers that are about to start."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

# Below what the kernel gives to connections out (Linux: from 32768 on): such a connection could hold the port of a
# server that is just starting, or starting again.
_FIRST, _LAST = 15_000, 32_000
_given: set[int] = set()


def free_port(besides: Collection[int] = ()) -> int:
    """A port nobody holds, no other caller in this process was given, and not one of `besides`."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - nothing secret about it
        if port not in _given and port not in besides and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
