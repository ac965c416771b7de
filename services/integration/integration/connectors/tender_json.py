"""Tender sites that answer in JSON, page by page from a cursor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from integration.connectors._tenders import TenderFeed, TenderSettings, feeds, raws
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.source import Source
from integration.tenders.policy import JsonList
from integration.tenders.read_json import read_json

PAGE = 100


class TenderJson(TenderFeed):
    def __init__(self, site: str, url: str, settings: TenderSettings, policy: PolicyOf) -> None:
        super().__init__("json", site, url, settings, policy)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """The last page is not full, or names no cursor behind it; it is read again by the next run."""
        layout = self.layouts().json_lists.get(self.site, JsonList())
        cursor, number, been = checkpoint, 1, {checkpoint}
        while True:
            body = source.json(layout.path, after=cursor, limit=PAGE)
            records, following = read_json(body, layout)
            if records and following and following in been:
                raise SourceFailed("schema", "the cursor does not move")
            yield Page(raws(records, f"page {number}"), following or cursor)
            if len(records) < PAGE or not following:
                return
            cursor, number = following, number + 1
            been.add(following)


def connectors(policy: PolicyOf) -> list[TenderFeed]:
    return feeds(TenderJson, "tender_json_sites", policy)
