"""Headers that keep browsers from doing what a page of ours never asks for."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-site",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=(self)",
}
_NOTHING_LOADS = "default-src 'none'; frame-ancestors 'none'"
# The docs page starts itself by a script in the page.
_DOCS = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_TWO_YEARS = "max-age=63072000; includeSubDomains"


class SecurityHeaders:
    def __init__(self, app: ASGIApp, docs: tuple[str, ...], *, https: bool) -> None:
        self._app = app
        self._docs = docs
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                policy = _DOCS if scope["path"].startswith(self._docs) else _NOTHING_LOADS
                headers.setdefault("content-security-policy", policy)
                if self._https:
                    headers.setdefault("strict-transport-security", _TWO_YEARS)
            await send(message)

        await self._app(scope, receive, guarded)
