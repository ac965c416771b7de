"""Customers who sign up at a point of sale by its QR code, page by page from a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.connectors._pos import PosSettings
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.cursor import changes
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, decoded, shape_of
from integration.feeds.source import Source
from integration.pos.take_customers import take_customers


class PosCustomers:
    feed = "pos_customers"
    # Who stands in the shop is called while they remember.
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=3600)

    def __init__(self, settings: PosSettings) -> None:
        self.access = settings.access

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, "customers", checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_customers(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> PosCustomers:
    return PosCustomers(load(PosSettings))
