"""What a file is, judged by its first bytes; what its sender claims does not count."""

from __future__ import annotations

import codecs
import re

import filetype

HEAD = 8192
UNKNOWN = "application/octet-stream"

_TEXT_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SCRIPTED = re.compile(r"<!doctype html|<html|<script|<body|<iframe", re.IGNORECASE)


def media_type(head: bytes, filename: str = "") -> str:
    """IANA media type of content that begins with `head`; `application/octet-stream` when it is nothing known.

    The name decides only what text can't tell by itself: comma separated or plain.
    """
    if binary := filetype.guess_mime(head[:HEAD]):
        return str(binary)
    text = _as_text(head[:HEAD])
    if text is None:
        return UNKNOWN
    return _text_type(text.lstrip("\ufeff \t\r\n"), filename)


def _text_type(text: str, filename: str) -> str:
    if "<svg" in text:
        return "image/svg+xml"
    if _SCRIPTED.search(text):
        return "text/html"
    if text.startswith("<?xml"):
        return "application/xml"
    if text.startswith(("{", "[")):
        return "application/json"
    return "text/csv" if filename.lower().endswith(".csv") else "text/plain"


def _as_text(head: bytes) -> str | None:
    if head.startswith(_TEXT_MARKS):
        return head.decode("utf-16", errors="replace")
    if _CONTROL.search(head):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            # Not final: the head may end inside a character.
            return codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
    return None
