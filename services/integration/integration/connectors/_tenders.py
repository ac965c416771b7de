"""What the connectors of tender sites share: which sites there are, and what becomes of their notices.

A list shows its newest notices only. A run goes back to a notice that the last run saw; where none is left, notices
may have come and gone in between, and the feed says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import httpx
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from chassis.config import Settings, load
from chassis.unit_of_work import Transaction
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Hole, Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.source import Access
from integration.tenders.policy import TendersPolicy
from integration.tenders.take_notices import take_notices

LARGEST_PAGE = 5 * 1024 * 1024
SEEN = 50
_SITE = re.compile(r"[a-z][a-z0-9]{0,19}")
Sites = Annotated[dict[str, str], NoDecode]


class TenderSettings(Settings):
    """Sites by name: "ccgp=https://www.ccgp.gov.cn/cggg/,zj=https://…". Keys in the same way, where a site asks one."""

    tender_rss_sites: Sites = Field(default_factory=dict)
    tender_json_sites: Sites = Field(default_factory=dict)
    tender_html_sites: Sites = Field(default_factory=dict)
    tender_keys: Annotated[dict[str, SecretStr], NoDecode] = Field(default_factory=dict)

    @field_validator("tender_rss_sites", "tender_json_sites", "tender_html_sites", "tender_keys", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [each.strip().partition("=") for each in value.split(",") if each.strip()]
        if bad := [name for name, _, rest in pairs if not _SITE.fullmatch(name) or not rest]:
            raise ValueError(f"expected name=value by commas, the name of letters and digits: {bad[0]}")
        return {name: rest for name, _, rest in pairs}


@dataclass(frozen=True)
class Mark:
    """Where the last run was: validators of the first page, and the newest notices it saw."""

    etag: str = ""
    modified: str = ""
    seen: tuple[str, ...] = ()

    @classmethod
    def of(cls, checkpoint: str) -> Mark:
        told = json.loads(checkpoint or "{}")
        return cls(told.get("etag", ""), told.get("modified", ""), tuple(told.get("seen", ())))

    def after(self, first: httpx.Response, numbers: Iterable[str]) -> Mark:
        newest = [each for each in dict.fromkeys(numbers) if each][:SEEN]
        return Mark(first.headers["etag"], first.headers["last-modified"], tuple(newest) or self.seen)

    def reached(self, numbers: Iterable[str]) -> bool:
        """Nothing was seen before, or something of it is among these."""
        return not self.seen or not set(self.seen).isdisjoint(numbers)

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class TenderFeed:
    """One site. Asked gently: every quarter of an hour, at most twenty pages a minute, once more after a failure."""

    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200, requests_per_minute=20, attempts=2, backoff_seconds=2)

    def __init__(self, form: str, site: str, url: str, settings: TenderSettings, policy: PolicyOf) -> None:
        self.feed = f"tender_{form}_{site}"
        self.site = site
        self.access = Access(f"tender_{site}", url, settings.tender_keys.get(site, SecretStr("")))
        self._policy = policy

    def layouts(self) -> TendersPolicy:
        policy: TendersPolicy = self._policy("tenders")
        return policy

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_notices(tx, self.site, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        if "read_at" not in facts:
            return None
        gap = Hole("the list no longer shows what was seen last", "列表已不含上次读取的公告，其间可能有遗漏")
        return Proof(facts["read_at"], [gap] if facts.get("gap") else [])

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def feeds(
    make: Callable[[str, str, TenderSettings, PolicyOf], TenderFeed], sites: str, policy: PolicyOf
) -> list[TenderFeed]:
    """A feed for each site of the setting."""
    settings = load(TenderSettings)
    return [make(site, url, settings, policy) for site, url in getattr(settings, sites).items()]


def raws(records: Iterable[dict[str, Any]], place: str) -> list[Raw]:
    return [
        Raw(f"{place}, notice {number}", json.dumps(each, ensure_ascii=False))
        for number, each in enumerate(records, start=1)
    ]


def bounded(response: httpx.Response) -> bytes:
    """Raises SourceFailed for a page that no list needs."""
    if len(response.content) > LARGEST_PAGE:
        raise SourceFailed("too_large", f"a list of more than {LARGEST_PAGE} bytes")
    return response.content
