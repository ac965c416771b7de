"""The file store: a local folder or an S3 bucket.

Guarantee: a file has the SHA-256 of its content for a name, so the same content is kept once and never changes; it is
there whole or not at all. A sender that breaks off, or sends more than the limit, leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO

import obstore
from obstore.store import LocalStore, from_url

from chassis.errors import InvalidInput, NotFound
from chassis.media import HEAD, media_type

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import ObjectStore

CHUNK = 1 << 20
# Small uploads never touch the disk before they reach the store.
IN_MEMORY = 4 << 20
LONGEST_NAME = 200
_ID = re.compile(r"[0-9a-f]{64}")


class FileTooLarge(InvalidInput):
    en = "The file is larger than {limit} bytes."
    zh = "文件超过 {limit} 字节的上限。"


class FileIsEmpty(InvalidInput):
    en = "The file is empty."
    zh = "文件为空。"


class NoSuchFile(NotFound):
    en = "There is no file {file_id}."
    zh = "文件 {file_id} 不存在。"


@dataclass(frozen=True)
class StoredFile:
    """`id` is the SHA-256 in hex, `size` bytes, `media_type` judged by content, `filename` safe to show."""

    id: str
    size: int
    media_type: str
    filename: str = ""


class FileStore:
    """`url`: a folder, `file:///folder`, or `s3://bucket/prefix` (credentials by the usual AWS variables)."""

    def __init__(self, url: str) -> None:
        self._store = connect(url)

    def put(self, stream: BinaryIO | Iterable[bytes], filename: str, limit: int) -> StoredFile:
        """Keeps the content, read piece by piece. Raises FileTooLarge beyond `limit` bytes, FileIsEmpty for none."""
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            digest, size = _receive(stream, spool, limit)
            spool.seek(0)
            kind = media_type(spool.read(HEAD), filename)
            spool.seek(0)
            if not self._holds(digest):
                obstore.put(self._store, _path(digest), spool)
        return StoredFile(digest, size, kind, safe_name(filename))

    def open(self, file_id: str) -> BinaryIO:
        """A seekable reader that fetches as it is read. Raises NoSuchFile."""
        try:
            return io.BufferedReader(_Reader(obstore.open_reader(self._store, _path(file_id))), CHUNK)
        except FileNotFoundError:
            raise NoSuchFile(file_id=file_id) from None

    def describe(self, file_id: str, filename: str = "") -> StoredFile:
        """Size and media type of what is kept. Raises NoSuchFile."""
        with self.open(file_id) as content:
            head = content.read(HEAD)
            return StoredFile(file_id, content.seek(0, io.SEEK_END), media_type(head, filename), safe_name(filename))

    def delete(self, file_id: str) -> None:
        """Gone afterwards, whether or not it was there."""
        try:
            obstore.delete(self._store, _path(file_id))
        except FileNotFoundError:
            return

    def _holds(self, file_id: str) -> bool:
        try:
            obstore.head(self._store, _path(file_id))
        except FileNotFoundError:
            return False
        return True


def safe_name(filename: str) -> str:
    """The last part of a name as sent, without control and direction characters, at most 200 characters."""
    name = re.split(r"[/\\]", filename)[-1]
    return "".join(each for each in name if unicodedata.category(each)[0] != "C")[-LONGEST_NAME:].strip()


class _Reader(io.RawIOBase):
    """Makes the store's reader a standard file object, which csv, lxml and openpyxl expect."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = memoryview(self._file.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def connect(url: str) -> ObjectStore:
    if "://" not in url:
        if not Path(url).is_absolute():
            raise ValueError(f"a folder of files is named in full, not from wherever the process was started: {url}")
        url = Path(url).resolve().as_uri()
    if url.startswith("file://"):
        return LocalStore.from_url(url, mkdir=True)
    return from_url(url)


def _path(file_id: str) -> str:
    """Two levels of folders, so that no folder grows without bound. Anything but an id is no file."""
    if not _ID.fullmatch(file_id):
        raise NoSuchFile(file_id=file_id[:64])
    return f"{file_id[:2]}/{file_id[2:4]}/{file_id}"


def _receive(stream: BinaryIO | Iterable[bytes], spool: SpooledTemporaryFile[bytes], limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(stream):
        size += len(piece)
        if size > limit:
            raise FileTooLarge(limit=limit)
        digest.update(piece)
        spool.write(piece)
    if size == 0:
        raise FileIsEmpty
    return digest.hexdigest(), size


def _pieces(stream: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if hasattr(stream, "read"):
        while piece := stream.read(CHUNK):
            yield piece
    else:
        yield from stream
