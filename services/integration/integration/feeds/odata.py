"""OData delta: pages by nextLink, then a deltaLink where the next run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from integration.feeds.connector import Page
from integration.feeds.errors import SourceFailed
from integration.feeds.rules import Raw
from integration.feeds.source import Source


def changes(source: Source, entity_set: str, checkpoint: str, top: int = 500) -> Iterator[Page]:
    """Each page's checkpoint is the link that follows it, so a broken run goes on where it was."""
    link, number = checkpoint or f"odata/{entity_set}?$top={top}", 1
    while True:
        body = source.json(link)
        records, following, last = _open(body, entity_set)
        places = (f"{entity_set}, page {number}, row {row}" for row in range(1, len(records) + 1))
        raws = [Raw(place, json.dumps(each, ensure_ascii=False)) for place, each in zip(places, records, strict=True)]
        yield Page(raws, following)
        if last:
            return
        link, number = following, number + 1


def _open(body: Any, entity_set: str) -> tuple[list[Any], str, bool]:
    """Records, the link to go on with, and whether this was the last page."""
    if not isinstance(body, dict) or not isinstance(body.get("value"), list):
        raise SourceFailed("schema", f"{entity_set}: no list “value” in the answer")
    following, delta = body.get("@odata.nextLink"), body.get("@odata.deltaLink")
    if not isinstance(following or delta, str):
        raise SourceFailed("schema", f"{entity_set}: neither nextLink nor deltaLink in the answer")
    return body["value"], str(following or delta), not following
