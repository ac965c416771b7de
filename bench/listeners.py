"""Open live streams, watched by one thread: when each id first came to anybody."""

from __future__ import annotations

import re
import selectors
import socket
import time
from threading import Event, Thread

from bench.stand import Stand

ID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# An id may be cut by the end of what one read returned.
KEPT = 64


class Listeners:
    """One stream for each token. `first_seen`: id → instant of `time.perf_counter()`."""

    def __init__(self, stand: Stand, tokens: list[str]) -> None:
        self.first_seen: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        self._stop = Event()
        for token in tokens:
            self._open(stand.gateway_port, token)
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for each in self._rest:
            each.close()
        self._selector.close()

    def _open(self, port: int, token: str) -> None:
        """Returns when the stream has greeted."""
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        request = f"GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
        connection.sendall(request.encode())
        greeting = b""
        while b"event: ready" not in greeting:
            more = connection.recv(65536)
            assert more, greeting[:300]
            greeting += more
        assert b" 200 " in greeting.split(b"\r\n")[0], greeting[:300]
        self._rest[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ)

    def _watch(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(timeout=0.1):
                assert isinstance(key.fileobj, socket.socket)
                self._read(key.fileobj)

    def _read(self, connection: socket.socket) -> None:
        found, now = connection.recv(262144), time.perf_counter()
        if not found:
            self._selector.unregister(connection)
            return
        whole = self._rest[connection] + found
        for each in ID.findall(whole):
            self.first_seen.setdefault(each.decode(), now)
        self._rest[connection] = whole[-KEPT:]
