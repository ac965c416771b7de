"""Receivables of the ERP, by OData delta. New ones may explain money that waits to be claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.claiming.match_waiting import match_waiting
from integration.connectors._erp import ErpSettings
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.odata import changes
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, decoded, shape_of
from integration.feeds.source import Access, Source
from integration.receivables.take_receivables import take_receivables


class ErpReceivables:
    feed = "erp_receivables"
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=900)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        self.access = Access("erp", settings.erp_url, settings.erp_key, settings.erp_key_ends)
        self._policy = policy

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, "Receivables", checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_receivables(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        """Matching locks receipts before receivables, so it must not share a transaction with `take`."""
        match_waiting(tx, self._policy("claiming"))
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> ErpReceivables:
    return ErpReceivables(load(ErpSettings), policy)
