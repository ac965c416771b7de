"""Texts of mails, in whatever encoding and form they came: plain text comes out, bounded."""

from __future__ import annotations

import codecs
import re
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

from lxml import etree, html

LONGEST = 20_000
# Of what is looked at; a longer text is cut before it is read.
LARGEST = 1 << 20
# Known to Python as encodings, and none that a letter is written in.
_NO_LETTERS = frozenset({"idna", "punycode", "undefined", "raw-unicode-escape", "unicode-escape"})
_BLOCKS = ("br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table")
_UNSEEN = ("script", "style", "head", "title", "noscript", "template", "svg", "object", "iframe")
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_EMPTY = re.compile(r"\n\s*\n\s*\n+")


def decoded_text(content: bytes, charset: str | None) -> str:
    """As it says; else UTF-8; else GB18030, which holds GBK and GB2312, with what can't be read replaced."""
    for name in (_known(charset), "utf-8"):
        if name:
            try:
                return content.decode(name)
            except ValueError:
                continue
    return content.decode("gb18030", errors="replace")


def header_text(value: object) -> str:
    """A header of RFC 2047, or of raw bytes as some mail programs write them, in one line."""
    raw = _raw(str(value or "")[:10_000])
    try:
        parts = decode_header(raw) if "=?" in raw else [(raw, None)]
    except (ValueError, MessageError):
        parts = [(raw, None)]
    text = "".join(each if isinstance(each, str) else decoded_text(each, charset) for each, charset in parts)
    return " ".join(clean(text).split())


def text_of(part: Message) -> str:
    """Of a text part; HTML without its marks, scripts and styles."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    text = decoded_text(content[:LARGEST], part.get_content_charset())
    return clean(stripped(text) if part.get_content_type() == "text/html" else text)


def stripped(source: str) -> str:
    """The text is parsed as bytes, since one that declares an encoding of its own is refused as text."""
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(clean(source).encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
    for each in list(root.iter(*_UNSEEN)):
        each.drop_tree()
    for each in root.iter(*_BLOCKS):
        each.tail = "\n" + (each.tail or "")
    lines = (_SPACES.sub(" ", line).strip() for line in str(root.text_content()).split("\n"))
    return "\n".join(lines)


def clean(text: str) -> str:
    """Without what PostgreSQL and readers can't hold: NUL, lone surrogates, more than two empty lines."""
    held = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return _EMPTY.sub("\n\n", held).strip()[:LONGEST]


def _known(charset: str | None) -> str:
    """Python's name of an encoding of texts, "" for anything else."""
    try:
        found = codecs.lookup(charset or "")
    except (LookupError, ValueError):
        return ""
    return found.name if getattr(found, "_is_text_encoding", True) and found.name not in _NO_LETTERS else ""


def _raw(value: str) -> str:
    """Bytes above ASCII come as surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return decoded_text(value.encode("ascii", "surrogateescape"), None)
    return value
