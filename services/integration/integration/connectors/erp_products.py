"""The ERP's product catalogue, with registrations of medical devices."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.products.take_products import KIND, take_products


class ErpProducts(ErpFeed):
    feed = "erp_products"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_products_set, KIND, take_products))


def connector(policy: PolicyOf) -> ErpProducts:
    return ErpProducts(load(ErpSettings), policy)
