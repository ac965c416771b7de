"""How each tender site writes its list. Versioned: a site that changes its pages needs a new version (N1.1)."""

from __future__ import annotations

from typing import Annotated

from cssselect import SelectorError, parse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _a_selector(text: str) -> str:
    try:
        if text:
            parse(text)
    except SelectorError:
        raise ValueError("no CSS selector") from None
    return text


Selector = Annotated[str, Field(max_length=200), AfterValidator(_a_selector)]
Labels = dict[str, tuple[str, ...]]


class HtmlList(BaseModel):
    """A list page: `item` selects the notices, the others select within one; the text or, of `link`, the href counts.

    What no selector names is looked for behind `labels` in the item's text. `next`: the link to the next page.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(default="", max_length=300)
    item: Annotated[Selector, Field(min_length=1)]
    title: Selector = "a"
    link: Selector = "a"
    published: Selector = ""
    project_number: Selector = ""
    buyer: Selector = ""
    region: Selector = ""
    budget: Selector = ""
    deadline: Selector = ""
    next: Selector = ""
    most_pages: int = Field(default=5, ge=1, le=50)
    labels: Labels = Field(default_factory=dict)
    # Where a notice's page names no region, such as on the site of a province.
    default_region: str = Field(default="", max_length=60)


class JsonList(BaseModel):
    """Dotted paths: `items` to the list in the answer, `cursor` to where the next page goes on, others in an item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(default="notices", max_length=300)
    items: str = "notices"
    cursor: str = "cursor"
    number: str = "id"
    title: str = "title"
    url: str = "url"
    published: str = "publishedAt"
    project_number: str = "projectNumber"
    kind: str = "kind"
    buyer: str = "buyer"
    region: str = "region"
    budget: str = "budget"
    deadline: str = "deadlineAt"
    text: str = "content"


class RssList(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(default="", max_length=300)
    labels: Labels = Field(default_factory=dict)
    default_region: str = Field(default="", max_length=60)


# How most lists look; a site's own is drafted from it.
EXAMPLE = HtmlList(item="ul.list > li", published="span.date", next="a.next")


class TendersPolicy(BaseModel):
    """By site, as the settings name them. RSS and JSON have forms that are usual; HTML must be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    html: dict[str, HtmlList] = Field(default_factory=lambda: {"example": EXAMPLE})
    json_lists: dict[str, JsonList] = Field(default_factory=dict)
    rss: dict[str, RssList] = Field(default_factory=dict)
