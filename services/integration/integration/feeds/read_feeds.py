"""Feeds for screens: health, lag, runs, quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.connector import Connector, RuleOf
from integration.feeds.errors import UnknownFeed
from integration.feeds.rules import Health, lag_of


@dataclass(frozen=True)
class FeedView:
    """`row` is None for a feed that never ran. `lag_seconds` is None while nothing is proved."""

    feed: str
    cadence_seconds: int
    row: Row[Any] | None
    quarantined: int
    dismissed: int
    lag_seconds: int | None

    @property
    def health(self) -> str:
        return str(self.row.health) if self.row is not None else Health.NEW.value


def list_feeds(tx: Transaction, connectors: Mapping[str, Connector], rule_of: RuleOf) -> list[FeedView]:
    rows = {row.feed: row for row in store.every(tx)}
    records = store.quarantined_by_feed(tx)
    return [
        FeedView(
            feed=name,
            cadence_seconds=rule_of(connector).cadence_seconds,
            row=rows.get(name),
            quarantined=records.get((name, "waiting"), 0),
            dismissed=records.get((name, "dismissed"), 0),
            lag_seconds=_lag(rows.get(name), tx.now),
        )
        for name, connector in sorted(connectors.items())
    ]


def get_feed(tx: Transaction, name: str, connectors: Mapping[str, Connector], rule_of: RuleOf) -> FeedView:
    """Raises UnknownFeed."""
    found = [each for each in list_feeds(tx, connectors, rule_of) if each.feed == name]
    if not found:
        raise UnknownFeed(feed=name)
    return found[0]


def list_runs(tx: Transaction, name: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    return page.cut(store.runs(tx, name, page), lambda row: {"id": row.id})


def list_quarantine(tx: Transaction, page: Page, *, feed: str, state: str) -> tuple[Sequence[Row[Any]], str]:
    return page.cut(store.quarantined(tx, page, feed=feed, state=state), lambda row: {"id": row.id})


def _lag(row: Row[Any] | None, now: datetime) -> int | None:
    proved = row.complete_until if row is not None else None
    return None if proved is None else int(lag_of(proved, now).total_seconds())
