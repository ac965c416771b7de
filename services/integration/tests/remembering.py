"""A replica's memory of the directory at work, and a network between it and the database that can fall silent."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from integration.directory.memory import DirectoryMemory

PATIENCE = 30.0


def until(condition: Callable[[], bool]) -> None:
    ends, pause = time.monotonic() + PATIENCE, Event()
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        pause.wait(0.002)


@contextmanager
def remembering(database_url: str) -> Iterator[DirectoryMemory]:
    """As a process with the role `serve` runs it."""
    memory, stop = DirectoryMemory(database_url), Event()
    loop = Thread(target=memory.run, args=(stop,), daemon=True)
    loop.start()
    try:
        yield memory
    finally:
        stop.set()
        loop.join(PATIENCE)


def status(memory: DirectoryMemory, employee_id: str = "E00001") -> str | None:
    """What memory says; None when it says nothing and the database is asked."""
    known = memory.states([employee_id])
    return None if known is None else known[employee_id][0]


class Firewall:
    """Passes bytes on until it is told to swallow them: both ends keep a connection that nothing comes through."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._open = Event()
        self._open.set()
        self._ends: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def swallow(self) -> None:
        self._open.clear()

    def close(self) -> None:
        """Both ends hear of it."""
        self._open.set()
        for each in [self._door, *self._ends]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [near, far]
                Thread(target=self._pass_on, args=(near, far), daemon=True).start()
                Thread(target=self._pass_on, args=(far, near), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
