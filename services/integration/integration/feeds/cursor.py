"""Lists of changes behind a cursor: {"<name>": [...], "cursor": "…"}. A page that is not full is the last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from integration.feeds.connector import Page
from integration.feeds.errors import SourceFailed
from integration.feeds.rules import Raw
from integration.feeds.source import Source

FULL = 500


def changes(source: Source, name: str, checkpoint: str) -> Iterator[Page]:
    """`name` is the path and the list in the answer. Each page's checkpoint is the cursor behind it."""
    cursor, number = checkpoint, 1
    while True:
        body = source.json(name, after=cursor, limit=FULL)
        records, following = _open(body, name)
        if records and following == cursor:
            raise SourceFailed("schema", f"{name}: the cursor does not move")
        places = (f"{name}, page {number}, row {row}" for row in range(1, len(records) + 1))
        raws = [Raw(place, json.dumps(each, ensure_ascii=False)) for place, each in zip(places, records, strict=True)]
        yield Page(raws, following)
        if len(records) < FULL:
            return
        cursor, number = following, number + 1


def _open(body: Any, name: str) -> tuple[list[Any], str]:
    if not isinstance(body, dict) or not isinstance(body.get(name), list):
        raise SourceFailed("schema", f"{name}: no list “{name}” in the answer")
    cursor = body.get("cursor")
    if not isinstance(cursor, str | int):
        raise SourceFailed("schema", f"{name}: no cursor in the answer")
    return body[name], str(cursor)
