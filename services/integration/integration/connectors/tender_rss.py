"""Tender sites that tell their notices as RSS or Atom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from integration.connectors._tenders import Mark, TenderFeed, TenderSettings, bounded, feeds, raws
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.source import Source
from integration.tenders.policy import RssList
from integration.tenders.read_rss import read_rss


class TenderRss(TenderFeed):
    def __init__(self, site: str, url: str, settings: TenderSettings, policy: PolicyOf) -> None:
        super().__init__("rss", site, url, settings, policy)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        mark, layout = Mark.of(checkpoint), self.layouts().rss.get(self.site, RssList())
        response = source.unless_same(layout.path or self.access.url, mark.etag, mark.modified)
        if response is None:
            return
        records = read_rss(bounded(response), response.headers["content-type"], self.access.url, layout)
        numbers = [each["number"] for each in records]
        following = str(mark.after(response, numbers))
        yield Page(raws(records, self.feed), following, {"gap": not mark.reached(numbers)})


def connectors(policy: PolicyOf) -> list[TenderFeed]:
    return feeds(TenderRss, "tender_rss_sites", policy)
