"""Tender sites that have their notices on HTML pages only: read by the selectors that the policy names for the site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin

from httpx import Response

from integration.connectors._tenders import Mark, TenderFeed, TenderSettings, bounded, feeds, raws
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.source import Source
from integration.tenders.policy import HtmlList
from integration.tenders.read_html import ListPage, read_html


class TenderHtml(TenderFeed):
    def __init__(self, site: str, url: str, settings: TenderSettings, policy: PolicyOf) -> None:
        super().__init__("html", site, url, settings, policy)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """From the newest page back to one that shows a notice seen before; the checkpoint moves with the last."""
        mark, layout = Mark.of(checkpoint), self._layout()
        address = urljoin(self.access.url.rstrip("/") + "/", layout.path) if layout.path else self.access.url
        first = response = source.unless_same(address, mark.etag, mark.modified)
        numbers: list[str] = []
        for number in range(1, layout.most_pages + 1):
            if first is None or response is None:
                return
            told = read_html(bounded(response), _charset(response), address, layout)
            numbers += [each["number"] for each in told.records]
            if self._is_last(mark, told, numbers, number, layout):
                gap = not mark.reached(numbers)
                yield Page(raws(told.records, f"page {number}"), str(mark.after(first, numbers)), {"gap": gap})
                return
            yield Page(raws(told.records, f"page {number}"), checkpoint)
            address = told.following
            response = source.get(address)

    @staticmethod
    def _is_last(mark: Mark, told: ListPage, numbers: list[str], number: int, layout: HtmlList) -> bool:
        was_seen = bool(mark.seen) and mark.reached(numbers)
        return was_seen or not told.following or number == layout.most_pages

    def _layout(self) -> HtmlList:
        layout = self.layouts().html.get(self.site)
        if layout is None:
            raise SourceFailed("schema", f"policy “tenders” names no selectors for {self.site}")
        return layout


def connectors(policy: PolicyOf) -> list[TenderFeed]:
    return feeds(TenderHtml, "tender_html_sites", policy)


def _charset(response: Response) -> str | None:
    """As the answer says; else the page itself does."""
    return response.charset_encoding
