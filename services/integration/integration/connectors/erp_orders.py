"""Orders of the ERP, by OData delta, every minute: a signed order pays within seconds of being seen."""

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
from integration.orders.take_orders import take_orders


class ErpOrders:
    feed = "erp_orders"
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=900)

    def __init__(self, settings: ErpSettings) -> None:
        self.access = Access("erp", settings.erp_url, settings.erp_key, settings.erp_key_ends)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, "SalesOrders", checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_orders(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> ErpOrders:
    return ErpOrders(load(ErpSettings))
