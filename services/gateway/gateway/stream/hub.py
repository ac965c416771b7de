"""Hands each notification, and each word of an import's progress, to the open streams of its recipient.

Lives in the event loop; nothing here waits.

Guarantee: a stream that can't keep up is cut, never the others slowed; its client comes back with the last id it saw
and gets what it missed from the inbox.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from chassis.errors import ResourceExhausted
from closeloop.integration.v1 import events_pb2
from closeloop.leads.v1 import events_pb2 as leads_events_pb2
from gateway.metrics import STREAMS, STREAMS_CUT

Notice = events_pb2.NotificationCreated
Progress = leads_events_pb2.ImportProgressed
News = Notice | Progress


class Signal(Enum):
    """What a stream may find in its queue beside notices."""

    GAP = "the reader lost its place: ask the inbox"
    SLOW = "slow"
    CLOSING = "closing"


class TooManyStreams(ResourceExhausted):
    en = "More than {limit} live streams are open. Close one of them first."
    zh = "打开的实时通道超过 {limit} 个，请先关闭其他页面。"


@dataclass(eq=False)
class Subscription:
    """One open stream. At most `most` items wait in it, and the word that ends it."""

    person: str
    queue: asyncio.Queue[News | Signal]
    most: int
    over: bool = False

    def put(self, item: News | Signal) -> None:
        if self.over:
            return
        if self.queue.qsize() < self.most:
            self.queue.put_nowait(item)
        else:
            self.end(Signal.SLOW)

    def end(self, word: Signal) -> None:
        if not self.over:
            self.over = True
            STREAMS_CUT.labels(word.value).inc()
            self.queue.put_nowait(word)


class Hub:
    def __init__(self, *, per_person: int, in_all: int, queue: int) -> None:
        self._per_person = per_person
        self._in_all = in_all
        self._queue = queue
        self._open: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._count = 0
        self._closing = False

    def subscribe(self, person: str) -> Subscription:
        """Raises TooManyStreams. Whoever subscribes unsubscribes."""
        for held, limit in ((self.open_streams(person), self._per_person), (self._count, self._in_all)):
            if held >= limit:
                raise TooManyStreams(limit=limit, retry_after=timedelta(seconds=10))
        subscription = Subscription(person, asyncio.Queue(), self._queue)
        self._open[person].add(subscription)
        self._count += 1
        STREAMS.set(self._count)
        if self._closing:
            subscription.end(Signal.CLOSING)
        return subscription

    def open_streams(self, person: str) -> int:
        return len(self._open.get(person, ()))

    def unsubscribe(self, subscription: Subscription) -> None:
        held = self._open.get(subscription.person, set())
        if subscription in held:
            held.discard(subscription)
            self._count -= 1
            STREAMS.set(self._count)
        if not held:
            self._open.pop(subscription.person, None)

    def publish(self, news: Iterable[News]) -> None:
        for item in news:
            person = item.recipient_id if isinstance(item, Notice) else item.started_by
            for each in self._open.get(person, ()):
                each.put(item)

    def gap(self) -> None:
        """Something may have been missed: every stream looks into the inbox."""
        for each in self._all():
            each.put(Signal.GAP)

    def close(self) -> None:
        """Ends every stream with a hint to come back; new ones are ended at once."""
        self._closing = True
        for each in self._all():
            each.end(Signal.CLOSING)

    def _all(self) -> list[Subscription]:
        return [each for held in self._open.values() for each in held]
