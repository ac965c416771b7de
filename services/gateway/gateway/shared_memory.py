"""Redis, asked politely: a cache and a counter, never the truth. While it is away the answer is "ask somebody else"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chassis import telemetry
from gateway.metrics import REDIS_AWAY

T = TypeVar("T")
PATIENCE = 0.25
REST = 2.0
log = telemetry.logger()


class SharedMemory:
    """After a failure Redis is left alone for two seconds, so that its absence costs a request nothing."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._lines = ConnectionPool.from_url(
            url, protocol=2, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._back_at = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """None when Redis is away."""
        if time.monotonic() < self._back_at:
            REDIS_AWAY.inc()
            return None
        try:
            async with asyncio.timeout(2 * PATIENCE):
                return await question()
        except (RedisError, OSError, TimeoutError) as failure:
            self._back_at = time.monotonic() + REST
            REDIS_AWAY.inc()
            log.warning("redis.away", failure=type(failure).__name__)
            return None

    def line(self) -> AbstractConnection:
        """A bare line for a subscription, to be connected and closed by the caller. When it breaks, it says so: the
        library's own subscriptions join again in silence and miss what was said meanwhile."""
        line: AbstractConnection = self._lines.make_connection()  # type: ignore[no-untyped-call]
        return line

    async def close(self) -> None:
        await self.redis.aclose()
