"""Sessions that were signed out before their time.

Redis tells all replicas: each hears of a sign-out as it happens and knows all earlier ones, so that no request has to
ask. A replica that can't hear, which it notices within two seconds, asks Redis about each session until it can again.
While Redis is away, each replica knows what it had heard and what is signed out at itself: a session withdrawn
elsewhere may then live on until it ends; what the person may do is still read from the directory within half a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from gateway.session.tokens import Session
from gateway.shared_memory import REST, SharedMemory

CHANNEL = "closeloop:session:withdrawals"
PREFIX = "closeloop:session:withdrawn:"
# Seconds without a word after which Redis is asked whether it is still there, and has to answer.
SILENCE = 1.0
_PAGE = 1000


class WithdrawnSessions:
    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        # Session id → when it would have ended, Unix time in seconds.
        self._known: dict[str, int] = {}
        # Whether nothing can be withdrawn that isn't known here.
        self.hears = False

    async def withdraw(self, session: Session) -> None:
        self._note({session.id: session.expires})
        await self._memory.ask(lambda: self._tell(session))

    async def holds(self, session: Session) -> bool:
        if self.hears or session.id in self._known:
            return session.id in self._known
        redis = self._memory.redis
        return bool(await self._memory.ask(lambda: redis.exists(PREFIX + session.id)))

    async def listen(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._follow()
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(REST)

    async def _tell(self, session: Session) -> None:
        left = max(1, session.expires - int(time.time()))
        async with self._memory.redis.pipeline(transaction=True) as pipe:
            pipe.set(PREFIX + session.id, session.expires, ex=left)
            pipe.publish(CHANNEL, f"{session.id} {session.expires}")
            await pipe.execute()

    async def _follow(self) -> None:
        line = self._memory.line()
        try:
            await line.connect()  # type: ignore[no-untyped-call]
            await line.send_command("SUBSCRIBE", CHANNEL)
            await _next(line)  # from here on nothing is missed
            self._note(await _earlier(self._memory.redis))
            self.hears = True
            while True:
                kind, *said = await _next(line)
                if kind == b"message":
                    session_id, expires = said[1].decode().split()
                    self._note({session_id: int(expires)})
        finally:
            self.hears = False
            await line.disconnect(nowait=True)

    def _note(self, withdrawn: Mapping[str, int]) -> None:
        now = time.time()
        self._known = {each: ends for each, ends in self._known.items() if ends > now} | dict(withdrawn)


async def _earlier(redis: Redis) -> dict[str, int]:
    keys = [key async for key in redis.scan_iter(match=PREFIX + "*", count=_PAGE)]
    pages = [keys[start : start + _PAGE] for start in range(0, len(keys), _PAGE)]
    ends = [each for page in pages for each in await redis.mget(page)]
    return {key.decode().removeprefix(PREFIX): int(end) for key, end in zip(keys, ends, strict=True) if end}


async def _next(line: AbstractConnection) -> list[bytes]:
    """Raises TimeoutError when Redis is silent even when asked."""
    said = await line.read_response(timeout=SILENCE)
    if said is None:
        await line.send_command("PING")
        said = await line.read_response(timeout=SILENCE)
    if said is None:
        raise TimeoutError
    return list(said)
