"""Nobody works for a caller that has gone: what waited too long in the queue is refused before it costs anything."""

from __future__ import annotations

from typing import Any

import grpc

from chassis.errors import DeadlineExceeded
from chassis.rpc import context as calls
from chassis.rpc.interceptors import Handler
from chassis.rpc.method import Method


def in_time(_: Method, proceed: Handler) -> Handler:
    def handle(request: Any, context: grpc.ServicerContext) -> Any:
        if calls.current().remaining <= 0 or not context.is_active():
            raise DeadlineExceeded
        return proceed(request, context)

    return handle
