"""How often somebody may knock: counted in Redis for all replicas, by each replica for itself while Redis is away.

Counted in bundles of a hundredth of what is allowed: a replica takes one for somebody and lets so many requests in
without asking again. So the limit is right to one request up to 199 in its time, and to a hundredth per replica above.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
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


BUNDLES = 100
MOST_KEPT = 20_000


@dataclass
class _Bundle:
    """Requests already counted; good until an instant of the monotonic clock, in seconds."""

    left: int
    until: float


class Rates:
    def __init__(self, redis_url: str, memory: SharedMemory) -> None:
        self._memory = memory
        self._bundles: OrderedDict[tuple[str, str], _Bundle] = OrderedDict()
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
        if not (self._is_counted(limit, who) or await self._count(limit, rate, who)):
            RATE_LIMITED.labels(limit).inc()
            wait = await self._wait(limit, rate, who)
            raise TooManyRequests(rate=rate, seconds=wait, retry_after=timedelta(seconds=wait))

    def _is_counted(self, limit: str, who: str) -> bool:
        """One of a bundle's requests."""
        bundle = self._bundles.get((limit, who))
        if bundle is None or not bundle.left or time.monotonic() >= bundle.until:
            return False
        bundle.left -= 1
        return True

    async def _count(self, limit: str, rate: RateLimitItem, who: str) -> bool:
        size = max(1, rate.amount // BUNDLES)
        if size > 1 and await self._memory.ask(lambda: self._shared.hit(rate, limit, who, cost=size)):
            self._keep((limit, who), size - 1, rate.get_expiry())
            return True
        # The last ones are counted one by one.
        allowed = await self._memory.ask(lambda: self._shared.hit(rate, limit, who))
        if allowed is None:
            allowed = await self._own.hit(rate, limit, who)
        return allowed

    def _keep(self, key: tuple[str, str], requests: int, seconds: int) -> None:
        left = self._bundles[key].left if key in self._bundles else 0  # of somebody who asked at the same time
        self._bundles[key] = _Bundle(left + requests, time.monotonic() + seconds)
        self._bundles.move_to_end(key)
        if len(self._bundles) > MOST_KEPT:
            self._bundles.popitem(last=False)

    async def _wait(self, limit: str, rate: RateLimitItem, who: str) -> int:
        stats = await self._memory.ask(lambda: self._shared.get_window_stats(rate, limit, who))
        return max(1, round(stats.reset_time - time.time())) if stats else 1


def rate(setting: str, text: str) -> RateLimitItem:
    """Read "1200/minute". Raises ConfigError naming the setting."""
    try:
        return parse(text)
    except ValueError:
        raise ConfigError(f'{setting}: “{text}” is no rate; write it like "1200/minute".') from None
