"""The rate limit of a source: over all replicas with Redis, alone without."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

import pytest

from chassis.local import LocalRedis
from integration.feeds.pace import Pace


def asked_at_once(*paces: Pace) -> int:
    """How many of ten requests of each get through before the limit holds them all."""
    passed: list[int] = []
    held = Event()

    def hurry(pace: Pace) -> None:
        for number in range(10):
            pace.wait("erp", 4)
            passed.append(number)
        held.set()

    for each in paces:
        Thread(target=hurry, args=(each,), daemon=True).start()
    still(lambda: len(passed))
    assert not held.is_set()
    return len(passed)


def still(count: Callable[[], int]) -> None:
    """Until the count has not moved for a while, and has moved at all."""
    seen, since = 0, time.monotonic()
    while time.monotonic() - since < 0.4 or not seen:
        if count() != seen:
            seen, since = count(), time.monotonic()
        time.sleep(0.01)


@pytest.mark.spec("N1.2")
def test_replicas_share_the_limit_through_redis(redis: LocalRedis) -> None:
    assert asked_at_once(Pace(redis.url), Pace(redis.url)) == 4


@pytest.mark.spec("N1.2")
def test_each_process_keeps_it_alone_without_redis() -> None:
    assert asked_at_once(Pace(), Pace()) == 8


@pytest.mark.spec("N1.2")
def test_redis_away_stops_nobody() -> None:
    assert asked_at_once(Pace("redis://127.0.0.1:1/0")) == 4
