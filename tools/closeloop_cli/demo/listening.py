"""A person's live stream, read while something happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

import httpx

from closeloop_cli.demo.day import Day
from closeloop_cli.door import Person

WITHIN = 20.0


class Heard:
    """The first notification of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._found: Queue[dict[str, Any]] = Queue()
        self.open = threading.Event()

    def take(self, line: str) -> None:
        if line.startswith("data:"):
            notice = json.loads(line.removeprefix("data:"))
            if notice.get("kind") == self._kind:
                self._found.put(notice)

    def wait(self) -> dict[str, Any] | None:
        try:
            return self._found.get(timeout=WITHIN)
        except Empty:
            return None


@contextmanager
def listening(day: Day, person: Person, kind: str) -> Iterator[Heard]:
    """Yields once the stream is open: what happens from here on is heard."""
    heard = Heard(kind)
    headers = {"Authorization": f"Bearer {person.token}", "Accept": "text/event-stream", "Accept-Language": "en"}
    client = httpx.Client(base_url=day.door.url, timeout=httpx.Timeout(10, read=60), trust_env=False)

    def read() -> None:
        try:
            with client.stream("GET", "/api/v1/stream", headers=headers) as answer:
                answer.raise_for_status()
                heard.open.set()
                for line in answer.iter_lines():
                    heard.take(line)
        except httpx.HTTPError:
            heard.open.set()  # closed at the end; an early refusal shows as nothing heard

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    heard.open.wait(10)
    try:
        yield heard
    finally:
        client.close()
