"""Serves an RPC as REST: who, what, ask, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from google.protobuf.message import Message
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import DeadlineExceeded
from chassis.kernel.ids import new_id
from gateway import answer
from gateway.contracts import Rpc
from gateway.intake import body
from gateway.intake.preconditions import KEY_HEADER
from gateway.intake.request import Intake, take
from gateway.locale import pick
from gateway.selection import Selection
from gateway.session.guard import Guard
from gateway.settings import GatewaySettings
from gateway.upstream import Upstream

JSON = "application/json"
# Above this (bytes) the work is done in a thread, so that one person's big list doesn't make everybody wait.
BIG_BODY = 64 << 10
BIG_ANSWER = 16 << 10


class RpcDoor:
    def __init__(self, guard: Guard, upstream: Upstream, settings: GatewaySettings) -> None:
        self._guard = guard
        self._upstream = upstream
        self._settings = settings

    async def serve(self, rpc: Rpc, request: Request) -> Response:
        """Raises the family."""
        identity = await self._guard.admit_to(rpc.group, request)
        intake = await self._take(rpc, request)
        selection = Selection.of_text(rpc.gives, intake.fields)
        # The problem details of a refusal need both: the key to repeat with, and whether a version was asked for.
        request.state.idempotency_key, request.state.with_etag = intake.key, bool(intake.etag)
        try:
            async with asyncio.timeout(self._settings.request_timeout):
                found = await self._upstream.call(
                    rpc.context,
                    rpc.path,
                    intake.message,
                    rpc.response,
                    as_=identity,
                    locale=pick(request.headers.get("accept-language", "")),
                )
        except TimeoutError:
            raise DeadlineExceeded from None
        headers = _headers(intake, answer.etag_of(found))
        if request.method in ("GET", "HEAD") and _is_known(request.headers, headers.get("etag", "")):
            return Response(status_code=304, headers=headers)
        content = await self._encode(found, selection)
        return Response(content, headers=headers, media_type=JSON)

    async def _encode(self, found: Message, selection: Selection | None) -> bytes:
        if found.ByteSize() > BIG_ANSWER:
            return await run_in_threadpool(answer.encode, found, selection)
        return answer.encode(found, selection)

    async def _take(self, rpc: Rpc, request: Request) -> Intake:
        content = b""
        if rpc.body:
            content = await body.read(request, self._settings.body_limit, self._settings.body_timeout)
            body.require_json(request, empty=not content)
        path, query = request.path_params, request.scope["query_string"]
        if len(content) > BIG_BODY:
            return await run_in_threadpool(take, rpc, path, query, content, request.headers, new_id())
        return take(rpc, path, query, content, request.headers, new_id())


def _headers(intake: Intake, etag: str) -> dict[str, str]:
    headers = {"cache-control": "private, no-cache" if etag else "no-store"}
    if etag:
        headers["etag"] = etag
    if intake.key:
        headers[KEY_HEADER] = intake.key
    return headers


def _is_known(headers: Mapping[str, str], etag: str) -> bool:
    given = [each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")]
    return bool(etag) and (etag in given or "*" in given)
