"""One person's stream, from "you are up to date" to whatever ends it. Each notification once, in order of arrival."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sse_starlette import ServerSentEvent

from chassis.errors import CloseloopError
from gateway.answer import content_of, dump
from gateway.metrics import STREAMS_CUT
from gateway.stream.hub import News, Notice, Progress, Signal, Subscription
from gateway.stream.inbox import RECENT, Inbox, Notification

REMEMBERED = 2000
MOST_MISSED = 1000
COME_BACK_MS = 2000


@dataclass
class Follow:
    """`still_welcome` is asked every `heartbeat` seconds and raises the family when the person may stay no longer."""

    subscription: Subscription
    inbox: Inbox
    still_welcome: Callable[[], Awaitable[None]]
    heartbeat: float

    def __post_init__(self) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._newest = self._floor = 0
        self._check_at = time.monotonic() + self.heartbeat

    async def begin(self, last_event_id: int | None) -> list[ServerSentEvent]:
        """The first events. Raises the family while nothing is sent yet, so that the client gets a proper answer."""
        recent, unread = await self.inbox.recent()
        missed = [] if last_event_id is None else await self._after(last_event_id)
        known = {each.notification_id for each in recent} - {each.notification_id for each in missed or ()}
        for each in sorted(known):
            self._remember(each)
        newest = max([0, *(each.notification_id for each in recent)])
        # A broker that is filled again brings old ones back; below what was just read nothing is news.
        self._floor = min((each.notification_id for each in recent), default=0) if len(recent) == RECENT else 0
        ready = {"unread": unread, "lastId": str(newest)}
        # A page that is cut off before its first notification must know where it left off; one that came back does,
        # and is not told of the end before it has heard what leads there.
        place = str(newest) if last_event_id is None else None
        opening = ServerSentEvent(dump(ready).decode(), event="ready", id=place, retry=COME_BACK_MS)
        return [opening, *self._told(missed)]

    async def events(self, opening: list[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
        for event in opening:
            yield event
        try:
            while True:
                item = await self._next()
                if item is Signal.GAP:
                    for event in self._told(await self._after(self._newest)):
                        yield event
                elif isinstance(item, Signal):
                    yield _farewell(item.value)
                    return
                elif item is None:
                    await self.still_welcome()
                elif isinstance(item, Progress):
                    yield _progress(item)
                elif item.notification_id >= self._floor:
                    for event in self._new([_notification(item)]):
                        yield event
        except CloseloopError as refusal:
            STREAMS_CUT.labels(refusal.code).inc()
            yield _farewell(refusal.code.lower())

    async def _next(self) -> News | Signal | None:
        """None when it is time to look whether the person may stay, however much news there is."""
        try:
            async with asyncio.timeout(self._check_at - time.monotonic()):
                return await self.subscription.queue.get()
        except TimeoutError:
            self._check_at = time.monotonic() + self.heartbeat
            return None

    async def _after(self, notification_id: int) -> list[Notification] | None:
        """None when so much was missed that the page had better be loaded anew."""
        missed = []
        async for each in self.inbox.after(notification_id):
            missed.append(each)
            if len(missed) > MOST_MISSED:
                return None
        return missed

    def _told(self, missed: list[Notification] | None) -> list[ServerSentEvent]:
        """After a reset the page has everything from the inbox, so its place is at the newest known here."""
        if missed is None:
            return [ServerSentEvent("{}", event="reset", id=str(self._newest))]
        return self._new(missed)

    def _new(self, notifications: list[Notification]) -> list[ServerSentEvent]:
        fresh = [each for each in notifications if each.notification_id not in self._seen]
        for each in fresh:
            self._remember(each.notification_id)
        return [_event(each) for each in fresh]

    def _remember(self, notification_id: int) -> None:
        self._seen[notification_id] = None
        self._newest = max(self._newest, notification_id)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def _notification(notice: Notice) -> Notification:
    """The event as the inbox would show it: unread, all else the same."""
    own = {field.name for field in Notification.DESCRIPTOR.fields}
    values: dict[str, Any] = {field.name: value for field, value in notice.ListFields() if field.name in own}
    return Notification(**values)


def _event(notification: Notification) -> ServerSentEvent:
    data = dump(content_of(notification)).decode()
    return ServerSentEvent(data, event="notification", id=str(notification.notification_id))


def _progress(progress: Progress) -> ServerSentEvent:
    """Without an id: what was missed of it is no loss, since GetImport tells where the import stands."""
    return ServerSentEvent(dump(content_of(progress)).decode(), event="import")


def _farewell(why: str) -> ServerSentEvent:
    return ServerSentEvent(dump({"why": why}).decode(), event="bye", retry=COME_BACK_MS)
