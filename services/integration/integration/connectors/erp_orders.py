"""Orders of the ERP, by OData delta, every minute: a signed order pays within seconds of being seen."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.orders.take_orders import KIND, take_orders


class ErpOrders(ErpFeed):
    feed = "erp_orders"
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=900)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents("SalesOrders", KIND, take_orders))


def connector(policy: PolicyOf) -> ErpOrders:
    return ErpOrders(load(ErpSettings), policy)
