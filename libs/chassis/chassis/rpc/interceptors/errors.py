"""The one place where errors leave a service."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_status import rpc_status

from chassis import telemetry
from chassis.errors import CloseloopError, Internal, InvalidInput
from chassis.kernel.ids import new_id
from chassis.kernel.money import CurrencyMismatch
from chassis.rpc.interceptors import Handler, Interceptor
from chassis.rpc.interceptors.database_errors import as_family
from chassis.rpc.method import Method
from chassis.rpc.status import to_status

log = telemetry.logger()


class CurrenciesMixed(InvalidInput):
    en = "Amounts of different currencies can't be put together. Please use one currency."
    zh = "不同币种的金额不能放在一起，请使用同一币种。"


def translated(domain: str) -> Interceptor:
    """The family goes out with its details; anything else as INTERNAL with an incident id that the log knows."""

    def wrap(method: Method, proceed: Handler) -> Handler:
        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            # The edge of the process: whatever goes wrong, the caller gets an answer of the family.
            try:
                return proceed(request, context)
            except CloseloopError as error:
                refusal = error
            except Exception as failure:  # noqa: BLE001 - reported just below, and answered
                refusal = as_family(failure) or _of_input(failure) or Internal(incident=new_id())
                _report(method, failure, refusal)
            return context.abort_with_status(rpc_status.to_status(to_status(refusal, domain)))

        return handle

    return wrap


def _of_input(failure: Exception) -> CloseloopError | None:
    """The kernel's own word for amounts that can't be put together: they came from somebody's request."""
    return CurrenciesMixed() if isinstance(failure, CurrencyMismatch) else None


def _report(method: Method, failure: Exception, refusal: CloseloopError) -> None:
    """The stack only for what nobody expected: a database that is away would fill the log with stacks."""
    if isinstance(refusal, Internal):
        log.error("rpc.failed", rpc=method.name, **refusal.metadata, exc_info=failure)
    else:
        log.warning("rpc.troubled", rpc=method.name, code=refusal.code, reason=type(failure).__name__)
