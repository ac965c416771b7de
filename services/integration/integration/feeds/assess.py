"""Judge a feed again and tell when it changed: once when it turns bad, once when it is well again (N2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.metrics import metrics
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.alerts.follow_health import follow_health
from integration.feeds.connector import Connector
from integration.feeds.events import FeedDegraded, FeedRecovered
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Health, Hole, Standing, Verdict, judge, lag_of, watched_from, with_credential
from integration.feeds.volume import look_at_volume


def assess(tx: Transaction, connector: Connector, rule: FeedRule) -> Verdict:
    """The feed's row is locked and brought up to date."""
    name = connector.feed
    row = look_at_volume(tx, store.locked(tx, name), rule.volume_factor)
    standing = standing_of(row, store.waiting_in_quarantine(tx, name))
    verdict = judge(standing, tx.now, rule.max_lag, rule.down_after_failures)
    since = row.health_since if verdict.health == row.health else tx.now
    store.change(tx, name, health=verdict.health.value, health_since=since, reason=verdict.en, reason_zh=verdict.zh)
    if verdict.health != row.health:
        _tell(tx, row, verdict)
    warning = timedelta(days=rule.credential_warning_days)
    concern = with_credential(verdict, connector.access.expires_on, local_date(tx.now), warning)
    follow_health(tx, name, concern, rule.escalation)
    since = watched_from(row.complete_until, row.first_run_at)
    metrics.feed_lag.labels(name).set(lag_of(since, tx.now).total_seconds())
    return verdict


def standing_of(row: Row[Any], quarantined: int) -> Standing:
    return Standing(
        first_run_at=row.first_run_at,
        failures=row.failures,
        error_class=row.error_class,
        complete_until=row.complete_until,
        holes=[Hole(each["en"], each["zh"]) for each in row.holes],
        quarantined=quarantined,
        alerted=row.health in (Health.DEGRADED, Health.DOWN),
        unusual=Hole(row.volume, row.volume_zh) if row.volume else None,
    )


def _tell(tx: Transaction, row: Row[Any], verdict: Verdict) -> None:
    if verdict.health is not Health.HEALTHY:
        tx.record(FeedDegraded(row.feed, verdict.health.value, verdict.en, verdict.zh, tx.now, row.complete_until))
    elif row.health in (Health.DEGRADED, Health.DOWN):
        tx.record(FeedRecovered(row.feed, tx.now, row.complete_until))
