"""A tender list as RSS or Atom, of any version that is about."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from integration.feeds.errors import SourceFailed
from integration.tenders.plain_text import plain
from integration.tenders.policy import RssList
from integration.tenders.tag_rules import has_tag_over

MOST_ENTRIES = 2000
# The library takes time by the square of a tag's attributes.
LONGEST_TAG = 8 * 1024
# Encodings whose ASCII is plain to see, so that no document type definition hides in another one.
_ENCODINGS = {"utf-8", "utf8", "gb18030", "gbk", "gb2312", "big5", "us-ascii", "ascii", "iso-8859-1"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def read_rss(content: bytes, content_type: str, address: str, layout: RssList) -> list[dict[str, Any]]:
    """Texts of a NoticeRecord each, as they stand in the list. Raises SourceFailed."""
    _refuse_hostile(content)
    headers = {"content-type": content_type or "application/xml"}
    # Neither is needed, since only the words of a text are kept, and both take long over hostile HTML.
    told = feedparser.parse(content, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    if isinstance(told.get("bozo_exception"), SAXException):
        raise SourceFailed("parse", "the list is not well-formed XML")
    if not told.get("version"):
        raise SourceFailed("schema", "the answer is neither RSS nor Atom")
    if len(told.entries) > MOST_ENTRIES:
        raise SourceFailed("too_large", f"more than {MOST_ENTRIES} notices in one list")
    return [_record(each, address, layout) for each in told.entries]


def _record(entry: Any, address: str, layout: RssList) -> dict[str, Any]:
    link = str(entry.get("link") or "")
    return {
        "number": str(entry.get("id") or link),
        "title": plain(str(entry.get("title", "")))[:200],
        "url": urljoin(address, link) if link else "",
        "published": _instant(entry),
        "text": plain(_body(entry)),
        "labels": {name: list(labels) for name, labels in layout.labels.items()},
        "default_region": layout.default_region,
    }


def _body(entry: Any) -> str:
    """The longest of what an entry says of itself."""
    bodies = [str(each.get("value", "")) for each in entry.get("content", ())]
    return max([*bodies, str(entry.get("summary", ""))], key=len)


def _instant(entry: Any) -> str:
    """In UTC; as it was written when the library can't read it."""
    told = dict(entry)
    parsed = told.get("published_parsed") or told.get("updated_parsed")
    if parsed is None:
        return str(told.get("published") or told.get("updated") or "")[:200]
    return datetime.fromtimestamp(timegm(parsed), UTC).isoformat()


def _refuse_hostile(content: bytes) -> None:
    """No list needs a document type definition, and with one it could blow up or read our files."""
    declared = _DECLARED.match(content[:400])
    encoding = declared.group(1).decode().lower() if declared else "utf-8"
    if encoding not in _ENCODINGS or content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content:
        raise SourceFailed("parse", "the encoding of the list is not one that is read")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SourceFailed("parse", "a document type definition is not allowed")
    if has_tag_over(content, LONGEST_TAG):
        raise SourceFailed("parse", f"a tag of more than {LONGEST_TAG} bytes")
