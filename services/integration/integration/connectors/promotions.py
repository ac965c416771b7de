"""Promotions of the marketing system, page by page from a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import SecretStr

from chassis.config import Settings, load
from chassis.unit_of_work import Transaction
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.cursor import changes
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, decoded, shape_of
from integration.feeds.source import Access, Source
from integration.promotions.take_promotions import take_promotions


class PromotionSettings(Settings):
    promotions_url: str = ""
    promotions_key: SecretStr = SecretStr("")
    promotions_key_ends: date | None = None


class Promotions:
    feed = "promotions"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=14400)

    def __init__(self, settings: PromotionSettings) -> None:
        self.access = Access(
            "promotions", settings.promotions_url, settings.promotions_key, settings.promotions_key_ends
        )

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, "promotions", checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_promotions(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> Promotions:
    return Promotions(load(PromotionSettings))
