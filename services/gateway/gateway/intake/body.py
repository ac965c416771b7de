"""Reads a body piece by piece: never more than its limit, never for longer than its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from gateway.errors import BodyTooLarge, BodyTooSlow, UnsupportedMediaType

JSON = "application/json"


async def read(request: Request, limit: int, seconds: float) -> bytes:
    """The whole body. Raises BodyTooLarge or BodyTooSlow; ClientDisconnect when the sender left."""
    try:
        async with asyncio.timeout(seconds):
            return b"".join([piece async for piece in pieces(request, limit)])
    except TimeoutError:
        raise BodyTooSlow(seconds=round(seconds)) from None


async def pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge(limit=limit)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit=limit)
        yield piece


def require_json(request: Request, *, empty: bool) -> None:
    """Raises UnsupportedMediaType unless JSON is declared. A request without a body may declare nothing.

    Also what keeps forms of foreign pages out: they can't declare JSON without asking first.
    """
    given = request.headers.get("content-type", "")
    kind, _, parameters = given.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() == JSON and charset in ("", "utf-8", "utf8"):
        return
    if not (empty and not given):
        raise UnsupportedMediaType(given=given[:100] or "–", accepted=JSON)
