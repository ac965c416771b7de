"""A tender list as JSON, by the dotted paths of its site."""

from __future__ import annotations

from typing import Any

from integration.feeds.errors import SourceFailed
from integration.tenders.plain_text import plain
from integration.tenders.policy import JsonList

_FIELDS = ("number", "title", "url", "published", "kind", "project_number", "buyer", "region", "budget", "deadline")


def read_json(body: Any, layout: JsonList) -> tuple[list[dict[str, Any]], str]:
    """Records as they came with our names, and where the next page goes on. Raises SourceFailed."""
    items = _at(body, layout.items)
    if not isinstance(items, list):
        raise SourceFailed("schema", f"no list “{layout.items}” in the answer")
    cursor = _at(body, layout.cursor)
    return [_record(each, layout) for each in items], "" if cursor is None else str(cursor)


def _record(item: Any, layout: JsonList) -> dict[str, Any]:
    found = {name: _at(item, getattr(layout, name)) for name in _FIELDS}
    texts = {name: str(value) for name, value in found.items() if value is not None}
    return texts | {"text": plain(str(_at(item, layout.text) or ""))}


def _at(body: Any, path: str) -> Any:
    """None when it is not there."""
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body
