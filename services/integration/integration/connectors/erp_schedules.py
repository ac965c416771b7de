"""Production schedules of the ERP (排产)."""

from __future__ import annotations

from chassis.config import load
from integration.connectors._erp import Documents, ErpFeed, ErpSettings
from integration.feeds.connector import PolicyOf
from integration.feeds.policy import FeedRule
from integration.schedules.take_schedules import KIND, take_schedules


class ErpSchedules(ErpFeed):
    feed = "erp_schedules"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=7200)

    def __init__(self, settings: ErpSettings, policy: PolicyOf) -> None:
        super().__init__(settings, policy, Documents(settings.erp_schedules_set, KIND, take_schedules))


def connector(policy: PolicyOf) -> ErpSchedules:
    return ErpSchedules(load(ErpSettings), policy)
