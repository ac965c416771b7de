"""Every RPC of the contracts is answered by its service: a neighbour that doesn't know one looks as if it were away."""

from __future__ import annotations

from typing import Any

import pytest

from .company import TABLES, Company
from .contracts import every_rpc


class Registered:
    """Takes what the generated code hands a server."""

    def __init__(self) -> None:
        self.methods: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """The same methods, as one handler."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.methods |= {f"/{service}/{name}": handler.unary_unary for name, handler in handlers.items()}


def is_written(method: Any) -> bool:
    """Not what the generated class answers for want of one."""
    return not method.__func__.__module__.endswith("_pb2_grpc")


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize("context", sorted(TABLES))
def test_every_rpc_is_served(company: Company, context: str) -> None:
    server = Registered()
    for add, servicer in company.service(context).servicers:
        add(servicer, server)
    written = {name for name, method in server.methods.items() if is_written(method)}
    missing = [rpc.name for rpc in every_rpc() if rpc.context == context and rpc.path not in written]
    assert missing == [], f"no servicer in {context}/bootstrap.py has them"
