"""A tender list as an HTML page, by the selectors of its site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from lxml.html import HtmlElement

from integration.feeds.errors import SourceFailed
from integration.tenders.plain_text import page_of, words
from integration.tenders.policy import HtmlList
from integration.tenders.tag_rules import has_tag_over

# A list page shows some dozen notices; what shows more is no list.
MOST_ITEMS = 500
# Room for a picture within a page.
LONGEST_TAG = 128 * 1024
_FIELDS = ("title", "published", "project_number", "buyer", "region", "budget", "deadline")


@dataclass(frozen=True)
class ListPage:
    """`following`: address of the next page, empty on the last."""

    records: list[dict[str, Any]]
    following: str


def read_html(content: bytes, charset: str | None, address: str, layout: HtmlList) -> ListPage:
    """Raises SourceFailed: also when nothing is selected, since a redesigned page looks like an empty list."""
    if has_tag_over(content, LONGEST_TAG):
        raise SourceFailed("parse", f"a tag of more than {LONGEST_TAG} bytes")
    try:
        page = page_of(content, charset)
    except ValueError:
        raise SourceFailed("parse", "the answer is no HTML page") from None
    items = page.cssselect(layout.item)
    if not items:
        raise SourceFailed("schema", f"no notice is where the list has them: {layout.item}")
    if len(items) > MOST_ITEMS:
        raise SourceFailed("too_large", f"more than {MOST_ITEMS} notices on one page")
    following = _href(page, layout.next, address) if layout.next else ""
    return ListPage([_record(each, address, layout) for each in items], following if following != address else "")


def _record(item: HtmlElement, address: str, layout: HtmlList) -> dict[str, Any]:
    found = {name: _text(item, getattr(layout, name))[:200] for name in _FIELDS if getattr(layout, name)}
    url = _href(item, layout.link, address)
    return {"published": "", **found} | {
        "number": url,
        "url": url,
        "text": words(item),
        "labels": {name: list(labels) for name, labels in layout.labels.items()},
        "default_region": layout.default_region,
    }


def _text(within: HtmlElement, selector: str) -> str:
    """Of a link its title, which is whole when the text is cut off with dots."""
    found = next(iter(within.cssselect(selector)), None)
    if found is None:
        return ""
    text, title = words(found).replace("\n", " "), str(found.get("title") or "").strip()
    return title if found.tag == "a" and title and text.endswith(("…", "...")) else text


def _href(within: HtmlElement, selector: str, address: str) -> str:
    found = next(iter(within.cssselect(selector)), None)
    href = str(found.get("href") or "").strip() if found is not None else ""
    return urljoin(address, href) if href else ""
