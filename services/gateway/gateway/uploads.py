"""`/api/v1/files`: uploads into the file store, downloads by a short-lived link.

A file's id is the hash of its content, so whoever has an id was given it by somebody who may see it; the link is for
one person and five minutes, so that it is worth nothing in a log or a chat.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chassis.errors import InvalidInput, Violation
from chassis.files import FileStore, StoredFile
from chassis.media import HEAD, UNKNOWN, media_type
from gateway.errors import BodyTooSlow, UnsupportedMediaType
from gateway.intake.body import pieces
from gateway.links import FileLinks
from gateway.session.guard import Guard
from gateway.settings import GatewaySettings

PATH = "/api/v1/files"
FIELD = "file"
# Beside the file itself: boundary and part headers.
FRAME = 16 << 10
CHUNK = 256 << 10
ACCEPTED = (
    "text/csv",
    "text/plain",
    "application/xml",
    "application/json",
    "application/pdf",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "audio/mpeg",
    "audio/mp4",
    "audio/amr",
    "audio/x-wav",
    "video/mp4",
)


class NotAForm(InvalidInput):
    en = "The body is no multipart form with one file in the field “file”."
    zh = "请求内容不是包含一个“file”文件字段的 multipart 表单。"


class FileApi:
    def __init__(self, store: FileStore, links: FileLinks, guard: Guard, settings: GatewaySettings) -> None:
        self._store = store
        self._links = links
        self._guard = guard
        self._limit = settings.upload_limit
        self._seconds = settings.upload_timeout

    @property
    def routes(self) -> list[Route]:
        return [
            Route(PATH, self._upload, methods=["POST"]),
            Route(PATH + "/{file_id:segment}:link", self._link, methods=["POST"]),
            Route(PATH + "/{file_id:segment}", self._download, methods=["GET"]),
        ]

    async def _upload(self, request: Request) -> Response:
        admitted = await self._guard.admit(request)
        _require_form(request)
        form = await self._receive(request)
        try:
            file = form.get(FIELD)
            if not isinstance(file, UploadFile):
                raise NotAForm.of(Violation(FIELD, "is required", "不能为空", "REQUIRED"))
            stored = await run_in_threadpool(self._keep, file.file, file.filename or "")
        finally:
            await form.close()
        return JSONResponse(_shown(stored) | self._links.issue(stored.id, admitted.identity.subject), 201)

    async def _link(self, request: Request) -> Response:
        admitted = await self._guard.admit(request)
        stored = await run_in_threadpool(self._store.describe, request.path_params["file_id"])
        return JSONResponse(_shown(stored) | self._links.issue(stored.id, admitted.identity.subject))

    async def _download(self, request: Request) -> Response:
        admitted = await self._guard.admit(request)
        file_id = request.path_params["file_id"]
        self._links.require(request.query_params.get("token", ""), file_id, admitted.identity.subject)
        name = request.query_params.get("name", file_id)
        stored = await run_in_threadpool(self._store.describe, file_id, name)
        content = await run_in_threadpool(self._store.open, file_id)
        return StreamingResponse(iterate_in_threadpool(_chunks(content)), headers=_headers(stored))

    async def _receive(self, request: Request) -> Any:
        """The form, its file on disk. Raises BodyTooLarge, BodyTooSlow, NotAForm."""
        parser = MultiPartParser(
            Headers(scope=request.scope), _limited(request, self._limit), max_files=1, max_fields=4, max_part_size=4096
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await parser.parse()
        except TimeoutError:
            raise BodyTooSlow(seconds=round(self._seconds)) from None
        except (MultiPartException, KeyError, ValueError):
            raise NotAForm from None

    def _keep(self, content: BinaryIO, filename: str) -> StoredFile:
        kind = media_type(content.read(HEAD), filename)
        content.seek(0)
        # Nothing at all is left to the store: it says itself that an empty file is none.
        if kind not in ACCEPTED and not (kind == UNKNOWN and not content.read(1)):
            raise UnsupportedMediaType(given=kind, accepted=", ".join(ACCEPTED))
        content.seek(0)
        return self._store.put(content, filename, self._limit)


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    async for piece in pieces(request, limit + FRAME):
        yield piece


def _require_form(request: Request) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMediaType(given=given[:100] or "–", accepted="multipart/form-data")


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(CHUNK):
            yield piece


def _headers(stored: StoredFile) -> dict[str, str]:
    """Always a download: whatever somebody uploaded never runs as a page of ours."""
    return {
        "content-type": stored.media_type,
        "content-length": str(stored.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(stored.filename or stored.id, safe='')}",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, max-age=300",
        "etag": f'"{stored.id}"',
    }


def _shown(stored: StoredFile) -> dict[str, Any]:
    return {"fileId": stored.id, "size": str(stored.size), "mediaType": stored.media_type}
