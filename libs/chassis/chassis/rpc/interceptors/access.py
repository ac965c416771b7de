"""The contract says who may call; this enforces it. Whose rows they see is the use case's part."""

from __future__ import annotations

from typing import Any

import grpc

from chassis.config import ConfigError
from chassis.errors import PermissionDenied
from chassis.identity import Identity
from chassis.rpc import context as calls
from chassis.rpc.interceptors import Handler
from chassis.rpc.method import Method


class DutyRequired(PermissionDenied):
    en = "This needs one of the duties: {duties}."
    zh = "此操作需要以下职责之一：{duties}。"


class PeopleOnly(PermissionDenied):
    en = "Only people who are signed in may call this."
    zh = "此接口仅供已登录的人员使用。"


class ServicesOnly(PermissionDenied):
    en = "Only services of this installation may call this."
    zh = "此接口仅供系统内部调用。"


def authorised(method: Method, proceed: Handler) -> Handler:
    """Raises ConfigError at start for an RPC that does not declare its access."""
    access = method.access
    if access is None or (not access.internal and not access.scope):
        raise ConfigError(f"{method.path} declares no access option with a scope.")
    duties, internal = frozenset(access.duties), access.internal

    def handle(request: Any, context: grpc.ServicerContext) -> Any:
        _admit(calls.current().identity, duties, internal=internal)
        return proceed(request, context)

    return handle


def _admit(identity: Identity, duties: frozenset[str], *, internal: bool) -> None:
    if internal and identity.kind != "service":
        raise ServicesOnly
    # A partner is let in only where the contract names the duty: an open list means people and services.
    if not duties and identity.kind == "partner":
        raise PeopleOnly
    if duties and identity.duties.isdisjoint(duties):
        raise DutyRequired(duties=sorted(duties))
