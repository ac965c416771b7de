"""A span and the RED figures of each request. The trace goes on through services and events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import telemetry
from gateway.metrics import HTTP_SECONDS

NO_ROUTE = "none"


class Observe:
    """The outermost. Streams count with the time until their first byte."""

    def __init__(self, app: ASGIApp, paths: Mapping[Any, str]) -> None:
        """`paths`: endpoint → its path, with the names of the parts that vary."""
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        method = scope["method"] if scope["method"] in _METHODS else "other"
        parent = {name: value for name, value in Headers(scope=scope).items() if name == "traceparent"}
        with telemetry.span(f"{method} {scope['path']}"[:100], SpanKind.SERVER, parent=parent) as span:

            async def watch(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status, route = message["status"], self._paths.get(scope.get("endpoint"), NO_ROUTE)
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                    HTTP_SECONDS.labels(method, route, status).observe(time.perf_counter() - began)
                    if trace := telemetry.trace_id():
                        MutableHeaders(scope=message)["x-trace-id"] = trace
                await send(message)

            await self._app(scope, receive, watch)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
