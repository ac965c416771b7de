"""A span and the RED figures of each RPC; its trace continues the caller's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, cast

import grpc
from opentelemetry.trace import SpanKind, Status, StatusCode

from chassis import telemetry
from chassis.metrics import Metrics
from chassis.rpc import context as calls
from chassis.rpc.context import TIME_LEFT_HEADER
from chassis.rpc.interceptors import Handler, Interceptor
from chassis.rpc.method import Method


def observed(metrics: Metrics, default_deadline: float) -> Interceptor:
    """Opens the call (see `chassis.rpc.context`), so it has to be the outermost.

    A caller that states no deadline gets `default_deadline` seconds: nothing is served without an end.
    """

    def wrap(method: Method, proceed: Handler) -> Handler:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            headers = _headers(context)
            deadline = time.monotonic() + _time_left(context, headers, default_deadline)
            started = time.perf_counter()
            with (
                metrics.rpc_in_flight.track_inprogress(),
                calls.serving(calls.Call(method, headers, deadline)),
                telemetry.span(method.name, SpanKind.SERVER, parent=headers) as span,
            ):
                try:
                    return proceed(request, context)
                finally:
                    code = _code(context)
                    span.set_attribute("rpc.grpc.status_code", code)
                    if code in ("INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"):
                        span.set_status(Status(StatusCode.ERROR))
                    metrics.rpc_seconds.labels(method.name, code).observe(time.perf_counter() - started)

        return handle

    return wrap


def _time_left(context: grpc.ServicerContext, headers: Mapping[str, str], default: float) -> float:
    stated = cast(float | None, context.time_remaining())
    left = default if stated is None else stated
    exact = headers.get(TIME_LEFT_HEADER, "")
    return min(left, int(exact) / 1000) if exact.isdecimal() and len(exact) < 10 else left


def _headers(context: grpc.ServicerContext) -> dict[str, str]:
    metadata = cast(Iterable[tuple[str, str | bytes]], context.invocation_metadata())
    return {key: value for key, value in metadata if isinstance(value, str)}


def _code(context: grpc.ServicerContext) -> str:
    code = cast(Any, context).code()  # the stubs do not know it
    return code.name if isinstance(code, grpc.StatusCode) else "OK"
