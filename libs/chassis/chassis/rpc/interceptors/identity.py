"""Nobody is served without a signed identity."""

from __future__ import annotations

from typing import Any

import grpc

from chassis.identity import IdentityMissing, Keyring
from chassis.rpc import context as calls
from chassis.rpc.interceptors import Handler, Interceptor
from chassis.rpc.method import Method


def identified(keyring: Keyring) -> Interceptor:
    """Checks the token of the call; absent, expired, for another audience or forged: UNAUTHENTICATED."""

    def wrap(_: Method, proceed: Handler) -> Handler:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            call = calls.current()
            token = call.headers.get(calls.IDENTITY_HEADER)
            if not token:
                raise IdentityMissing
            call.identify(keyring.verify(token), token)
            call.secret = keyring.secret
            return proceed(request, context)

        return handle

    return wrap
