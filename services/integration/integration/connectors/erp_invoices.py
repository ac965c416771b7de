"""Invoices of the ERP (发票), red ones too."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.invoices.take_invoices import KIND, take_invoices


class ErpInvoices(ErpFeed):
    feed = "erp_invoices"
    rule = FeedRule(cadence_seconds=300, max_lag_seconds=3600)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_invoices_set, KIND, take_invoices))


def connector(policy: PolicyOf) -> ErpInvoices:
    return ErpInvoices(load(ErpSettings), policy)
