"""`GET /api/v1/stream`: server-sent events. A `notification` is what the inbox holds, its id the inbox id."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chassis.errors import InvalidInput, Violation
from gateway.locale import pick
from gateway.session.directory import People
from gateway.session.guard import Admitted, Guard
from gateway.session.tokens import SessionNotValid
from gateway.settings import GatewaySettings
from gateway.stream.follow import Follow
from gateway.stream.hub import Hub, Subscription
from gateway.stream.inbox import Inbox
from gateway.upstream import Upstream

PATH = "/api/v1/stream"
_ID = re.compile(r"0|[1-9][0-9]{0,18}")


class _Stream(EventSourceResponse):
    """Whatever ends it, even before its first event, the subscription is given back."""

    def __init__(self, events: AsyncIterator[ServerSentEvent], ended: Callable[[], None], **options: float) -> None:
        super().__init__(events, **options)  # type: ignore[arg-type]
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


class StreamApi:
    def __init__(self, hub: Hub, guard: Guard, people: People, upstream: Upstream, settings: GatewaySettings) -> None:
        self._hub = hub
        self._guard = guard
        self._people = people
        self._upstream = upstream
        self._settings = settings

    @property
    def route(self) -> Route:
        return Route(PATH, self._open, methods=["GET"])

    async def _open(self, request: Request) -> Response:
        admitted = await self._guard.admit(request)
        last = last_event_id(request)
        # Listening begins before the inbox is asked: what comes in between is in both and told once.
        subscription = self._hub.subscribe(admitted.identity.subject)
        try:
            follow = self._follow(subscription, admitted, request)
            opening = await follow.begin(last)
        except BaseException:
            self._hub.unsubscribe(subscription)
            raise
        return _Stream(
            follow.events(opening),
            lambda: self._hub.unsubscribe(subscription),
            ping=self._settings.stream_heartbeat,
            send_timeout=self._settings.stream_send_timeout,
        )

    def _follow(self, subscription: Subscription, admitted: Admitted, request: Request) -> Follow:
        inbox = Inbox(self._upstream, admitted.identity, pick(request.headers.get("accept-language", "")))

        async def still_welcome() -> None:
            if admitted.session.is_over:
                raise SessionNotValid
            await self._guard.require_current(admitted.session)
            await self._people.identity(admitted.session.employee_id)

        return Follow(subscription, inbox, still_welcome, self._settings.stream_heartbeat)


def last_event_id(request: Request) -> int | None:
    """Where the client left off: the header that browsers send when they come back. Raises InvalidInput."""
    given = request.headers.get("last-event-id")
    if not given:
        return None
    if not _ID.fullmatch(given) or int(given) >= 2**63:
        raise InvalidInput.of(Violation("Last-Event-ID", "is no id of this stream", "不是有效的事件编号", "KEY"))
    return int(given)
