"""How often somebody may knock: counted in Redis for all replicas, by each replica for itself while Redis is away."""

from __future__ import annotations

import time
from datetime import timedelta

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from chassis.config import ConfigError
from chassis.errors import ResourceExhausted
from gateway.metrics import RATE_LIMITED
from gateway.shared_memory import SharedMemory


class TooManyRequests(ResourceExhausted):
    en = "More than {rate} requests. Please wait {seconds} s."
    zh = "请求超过 {rate} 的上限，请等待 {seconds} 秒。"


class Rates:
    def __init__(self, redis_url: str, memory: SharedMemory) -> None:
        self._memory = memory
        storage = RedisStorage(
            f"async+{redis_url}",
            implementation="redispy",
            key_prefix="closeloop:rate",
            # Of the memory, which closes them.
            connection_pool=memory.redis.connection_pool,  # type: ignore[arg-type]  # typed for options of URLs only
        )
        self._shared = SlidingWindowCounterRateLimiter(storage)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def spend(self, limit: str, rate: RateLimitItem, who: str) -> None:
        """Count one request of `who`. Raises TooManyRequests with the time to wait."""
        allowed = await self._memory.ask(lambda: self._shared.hit(rate, limit, who))
        if allowed is None:
            allowed = await self._own.hit(rate, limit, who)
        if not allowed:
            RATE_LIMITED.labels(limit).inc()
            wait = await self._wait(limit, rate, who)
            raise TooManyRequests(rate=rate, seconds=wait, retry_after=timedelta(seconds=wait))

    async def _wait(self, limit: str, rate: RateLimitItem, who: str) -> int:
        stats = await self._memory.ask(lambda: self._shared.get_window_stats(rate, limit, who))
        return max(1, round(stats.reset_time - time.time())) if stats else 1


def rate(setting: str, text: str) -> RateLimitItem:
    """Read "1200/minute". Raises ConfigError naming the setting."""
    try:
        return parse(text)
    except ValueError:
        raise ConfigError(f'{setting}: “{text}” is no rate; write it like "1200/minute".') from None
