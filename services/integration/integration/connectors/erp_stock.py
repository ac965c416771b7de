"""Stock of the ERP, by product and warehouse."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.stock.take_stock import KIND, take_stock


class ErpStock(ErpFeed):
    feed = "erp_stock"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_stock_set, KIND, take_stock))


def connector(policy: PolicyOf) -> ErpStock:
    return ErpStock(load(ErpSettings), policy)
