"""What the notification inbox says: where a stream begins, and what it missed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from chassis.errors import Locale
from chassis.identity import Identity
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.integration.v1 import notification_service_pb2 as contract
from gateway.upstream import Upstream

CONTEXT = "integration"
PATH = "/closeloop.integration.v1.NotificationService/ListNotifications"
PAGE = 200
RECENT = 50

Notification = contract.Notification


class Inbox:
    """The inbox of one person."""

    def __init__(self, upstream: Upstream, identity: Identity, locale: Locale) -> None:
        self._upstream = upstream
        self._identity = identity
        self._locale = locale

    async def recent(self) -> tuple[list[Notification], int]:
        """The newest ones, newest first, and how many are unread."""
        answer = await self._ask(contract.ListNotificationsRequest(page=PageRequest(size=RECENT)))
        return list(answer.notifications), answer.unread

    async def after(self, notification_id: int) -> AsyncIterator[Notification]:
        """All after this one, oldest first."""
        token = ""
        while True:
            page = PageRequest(size=PAGE, token=token)
            answer = await self._ask(contract.ListNotificationsRequest(page=page, after_id=notification_id))
            for each in answer.notifications:
                yield each
            token = answer.page.next_token
            if not token:
                return

    async def _ask(self, request: contract.ListNotificationsRequest) -> contract.ListNotificationsResponse:
        return await self._upstream.call(
            CONTEXT, PATH, request, contract.ListNotificationsResponse, as_=self._identity, locale=self._locale
        )
