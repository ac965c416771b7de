"""An open page: the live stream as a browser's EventSource follows it, through every loss of its connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

import httpx

# Browsers wait for as long as the stream says; there is no need to here.
PAUSE = 0.05


class Page:
    """`ids` of all notifications in the order of their arrival; `resets` are calls to load the inbox anew."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        self.ids: list[int] = []
        self.opened = self.lost = self.resets = 0
        self.is_open = False
        self.last = ""
        self._urls = list(urls)
        self._headers = {"authorization": f"Bearer {token}"}

    async def follow(self, client: httpx.AsyncClient) -> None:
        """Until it is cancelled. Each time the next address of those it was given."""
        while True:
            self._urls.append(self._urls.pop(0))
            with contextlib.suppress(httpx.TransportError):
                await self._listen(client, self._urls[-1])
            self.lost += self.is_open
            self.is_open = False
            await asyncio.sleep(PAUSE)

    async def _listen(self, client: httpx.AsyncClient, url: str) -> None:
        headers = self._headers | ({"last-event-id": self.last} if self.last else {})
        async with client.stream("GET", f"{url}/api/v1/stream", headers=headers) as answer:
            if answer.status_code != 200:
                return
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                event = self.hear(line, event)

    def hear(self, line: str, event: dict[str, str]) -> dict[str, str]:
        """The event so far."""
        if line:
            name, _, value = line.partition(": ")
            return event | {name: value}
        self._take(event)
        return {}

    def _take(self, event: dict[str, str]) -> None:
        """An event counts when the empty line behind it has come, and so does its id: as the standard has it."""
        self.last = event.get("id", self.last)
        match event.get("event"):
            case "ready":
                self.is_open = True
                self.opened += 1
            case "notification":
                self._note(json.loads(event["data"]), event["id"])
            case "reset":
                self.resets += 1

    def _note(self, data: dict[str, Any], event_id: str) -> None:
        assert data["notificationId"] == event_id
        self.ids.append(int(event_id))
