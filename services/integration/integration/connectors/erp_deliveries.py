"""Deliveries of the ERP (发货)."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.deliveries.take_deliveries import KIND, take_deliveries
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule


class ErpDeliveries(ErpFeed):
    feed = "erp_deliveries"
    rule = FeedRule(cadence_seconds=300, max_lag_seconds=3600)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_deliveries_set, KIND, take_deliveries))


def connector(policy: PolicyOf) -> ErpDeliveries:
    return ErpDeliveries(load(ErpSettings), policy)
