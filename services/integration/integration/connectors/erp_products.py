"""The ERP's product catalogue, by OData delta. It runs when the ERP's entity set is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.connectors._erp import ErpSettings
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.odata import changes
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, decoded, shape_of
from integration.feeds.source import Access, Source
from integration.products.take_products import take_products


class ErpProducts:
    feed = "erp_products"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200)

    def __init__(self, settings: ErpSettings) -> None:
        self._set = settings.erp_products_set
        url = settings.erp_url if self._set else ""
        self.access = Access("erp", url, settings.erp_key, settings.erp_key_ends)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, self._set, checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_products(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> ErpProducts:
    return ErpProducts(load(ErpSettings))
