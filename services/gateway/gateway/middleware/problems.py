"""Whatever goes wrong below becomes problem details; nothing else ever leaves the door."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import telemetry
from chassis.errors import CloseloopError, Internal
from chassis.kernel.ids import new_id
from gateway import problem
from gateway.errors import AddressNotUtf8, BodyTooLarge, HeadersTooLarge, MethodNotAllowed, NoSuchAddress
from gateway.intake.preconditions import KEY_HEADER
from gateway.locale import pick

log = telemetry.logger()


class Problems:
    def __init__(self, app: ASGIApp, header_limit: int) -> None:
        self._app = app
        self._header_limit = header_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            self._refuse_large_headers(scope)
            _refuse_other_than_utf8(scope)
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return
        except Exception as failure:
            error = as_family(failure)
            if started:
                log.warning("http.broken_off", path=scope["path"], failure=type(failure).__name__)
                raise
            await _respond(error, scope)(scope, receive, send)

    def _refuse_large_headers(self, scope: Scope) -> None:
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if size + len(scope["raw_path"] or b"") + len(scope["query_string"]) > self._header_limit:
            raise HeadersTooLarge(limit=self._header_limit)


def _refuse_other_than_utf8(scope: Scope) -> None:
    """The server would put a placeholder where the address can't be read, and ask for something else."""
    try:
        unquote_to_bytes(scope["raw_path"] or b"").decode()
    except UnicodeDecodeError:
        raise AddressNotUtf8 from None


def as_family(failure: Exception) -> CloseloopError:
    """What the framework says, in our words; anything unexpected as an incident that the log knows."""
    match failure:
        case CloseloopError():
            return failure
        case HTTPException(status_code=404):
            return NoSuchAddress()
        case HTTPException(status_code=405):
            return MethodNotAllowed(allowed=(failure.headers or {}).get("Allow", "–"))
        case HTTPException(status_code=413):
            return BodyTooLarge(limit="–")
        case _:
            incident = Internal(incident=new_id())
            log.error("http.failed", incident=incident.metadata["incident"], exc_info=failure)
            return incident


async def reraise(_: Request, failure: Exception) -> Response:
    """The framework's own handler must not answer: the failure goes on to where all are told alike."""
    raise failure


def _respond(error: CloseloopError, scope: Scope) -> Response:
    state: dict[str, Any] = scope.get("state", {})
    locale = pick(Headers(scope=scope).get("accept-language", ""))
    answer = problem.respond(error, locale, instance=scope["path"], with_etag=bool(state.get("with_etag")))
    if key := state.get("idempotency_key"):
        answer.headers[KEY_HEADER] = key
    return answer
