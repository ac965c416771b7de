"""Service calls of the ERP (售后工单)."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.service_calls.take_service_calls import KIND, take_service_calls


class ErpServiceCalls(ErpFeed):
    feed = "erp_service_calls"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_service_calls_set, KIND, take_service_calls))


def connector(policy: PolicyOf) -> ErpServiceCalls:
    return ErpServiceCalls(load(ErpSettings), policy)
