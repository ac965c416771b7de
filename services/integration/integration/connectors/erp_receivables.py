"""Receivables of the ERP. New ones may explain money that waits to be claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.claiming.match_waiting import match_waiting
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof
from integration.receipts.books_store import have_books_alone
from integration.receivables.take_receivables import KIND, take_receivables


class ErpReceivables(ErpFeed):
    feed = "erp_receivables"
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=900)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents("Receivables", KIND, take_receivables))

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        """A file by hand is matched in the transaction that took it, which locks receipts behind receivables."""
        have_books_alone(tx)
        return super().take(tx, page, run_id)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        match_waiting(tx, self._policy("claiming"))
        return super().finish(tx, facts)


def connector(policy: PolicyOf) -> ErpReceivables:
    return ErpReceivables(load(ErpSettings), policy)
