"""Sessions that were signed out before their time.

Redis tells all replicas. While it is away, each replica knows only those signed out at itself: a withdrawn session may
then live on elsewhere until it ends; what the person may do is still read from the directory within half a minute.
"""

from __future__ import annotations

import time

from gateway.session.tokens import Session
from gateway.shared_memory import SharedMemory


class WithdrawnSessions:
    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        self._own: dict[str, int] = {}

    async def withdraw(self, session: Session) -> None:
        now = int(time.time())
        self._own = {each: ends for each, ends in self._own.items() if ends > now} | {session.id: session.expires}
        redis = self._memory.redis
        await self._memory.ask(lambda: redis.set(_key(session), 1, ex=max(1, session.expires - now)))

    async def holds(self, session: Session) -> bool:
        if session.id in self._own:
            return True
        redis = self._memory.redis
        return bool(await self._memory.ask(lambda: redis.exists(_key(session))))


def _key(session: Session) -> str:
    return f"closeloop:session:withdrawn:{session.id}"
