"""Text of a bank's file, piece by piece: UTF-8 when all of it is, else GB18030, which contains GBK and GB2312."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

from integration.receipts.reading import DECODED, NotAStatement

CANDIDATES = ("utf-8-sig", "gb18030")
# Codecs that a document may declare: Python knows others, which are no encodings of text (hex, zlib, idna).
_CHINESE = frozenset({"gb2312", "gbk", "gb18030"})
_OTHERS = frozenset({
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "iso8859-15", "cp1252", "big5",
    "big5hkscs", "cp950",
})  # fmt: skip


def encoding_of(content: BinaryIO) -> str:
    """Reads the file once. Raises NotAStatement when it is neither."""
    for name in CANDIDATES:
        if _is_all(content, name):
            return name
    raise NotAStatement("the file is neither UTF-8 nor GB18030", "文件既不是 UTF-8 也不是 GB18030 编码")


def codec_of(declared: str) -> str:
    """The codec for a declared name. Raises NotAStatement for one that is unknown or no encoding of text."""
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        raise _not_valid(declared) from None
    if name in _CHINESE:
        return "gb18030"
    if name not in _OTHERS:
        raise _not_valid(declared)
    return "utf-8-sig" if name == "utf-8" else name


class AsUtf8(io.RawIOBase):
    """A file of any declared encoding, read as UTF-8 without byte order mark. Raises NotAStatement on a wrong byte."""

    def __init__(self, content: BinaryIO, declared: str) -> None:
        self._content = content
        self._declared = declared
        self._decoder = codecs.getincrementaldecoder(codec_of(declared))()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            piece = self._content.read(DECODED)
            self._ended = not piece
            try:
                self._ready += self._decoder.decode(piece, final=self._ended).encode()
            except UnicodeError:
                raise _not_valid(self._declared) from None
        cut = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:cut], self._ready[cut:]
        return given


def _is_all(content: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    content.seek(0)
    try:
        while piece := content.read(DECODED):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _not_valid(declared: str) -> NotAStatement:
    return NotAStatement(f"the file is not valid {declared}", f"文件不是有效的 {declared} 编码")
