"""What every RPC passes on its way in, one concern per file.

An interceptor wraps the next handler once per method, when the server starts: it may prepare what the contract says
(duties, rules) and refuses a contract that is not complete before any call is served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from chassis.rpc.method import Method

# A request comes in as bytes; from the validation on it is a message of the contract.
Handler = Callable[[Any, grpc.ServicerContext], Any]
Interceptor = Callable[[Method, Handler], Handler]


def chain(method: Method, handler: Handler, interceptors: list[Interceptor]) -> Handler:
    """The handler behind all interceptors; the first of the list is the outermost."""
    for interceptor in reversed(interceptors):
        handler = interceptor(method, handler)
    return handler
