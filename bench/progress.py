"""What a live stream tells of imports, read by one thread: the last word of each, and how long it was silent."""

from __future__ import annotations

import json
import socket
import time
from threading import Event, Thread
from typing import Any

from bench.stand import Stand
from tests.faults.programs import wait_for


class Progress:
    def __init__(self, stand: Stand, token: str) -> None:
        self._last: dict[str, dict[str, Any]] = {}
        self._at: dict[str, float] = {}
        self._silence: dict[str, float] = {}
        self._connection = socket.create_connection(("127.0.0.1", stand.gateway_port), timeout=1)
        request = f"GET /api/v1/stream HTTP/1.0\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
        self._connection.sendall(request.encode())
        self._over = Event()
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def until(self, import_id: str, state: str, seconds: float) -> dict[str, Any]:
        """Its last word, when that is the state. Raises AssertionError when it failed or takes longer."""

        def reached() -> bool:
            found = self._last.get(import_id, {})
            assert found.get("state") != "failed" or state == "failed", found
            return found.get("state") == state

        wait_for(reached, seconds, f"an import that is {state}")
        return self._last[import_id]

    def silence(self, import_id: str) -> float:
        """The longest pause between two words, in seconds."""
        return self._silence.get(import_id, 0.0)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._connection.close()

    def _read(self) -> None:
        rest = b""
        while not self._over.is_set():
            try:
                found = self._connection.recv(65536)
            except TimeoutError:
                continue
            if not found:
                return
            *blocks, rest = (rest + found).replace(b"\r\n", b"\n").split(b"\n\n")
            for each in blocks:
                self._hear(each.decode())

    def _hear(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if fields.get("event") != "import":
            return
        told, now = json.loads(fields["data"]), time.monotonic()
        import_id = str(told["importId"])
        before = self._at.get(import_id, now)
        self._silence[import_id] = max(self._silence.get(import_id, 0.0), now - before)
        self._at[import_id], self._last[import_id] = now, told
