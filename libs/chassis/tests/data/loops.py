"""Runs relays and consumers beside a test, and waits for conditions instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def running(*loops: Callable[[Event], None]) -> Iterator[None]:
    """All loops in threads of their own; an exception in one fails the test."""
    stop = Event()
    failures: list[BaseException] = []

    def keep(loop: Callable[[Event], None]) -> None:
        try:
            loop(stop)
        except BaseException as failure:  # noqa: BLE001 - told to the test below
            failures.append(failure)

    threads = [Thread(target=keep, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(15)
    if failures:
        raise failures[0]


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true"
        time.sleep(0.02)
