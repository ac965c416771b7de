"""SQL of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.feeds.alerts.rules import State, UnknownAlert
from integration.tables import feed_alert

UNSETTLED = feed_alert.c.state != State.RESOLVED.value


def standing(tx: Transaction, feed: str) -> Row[Any] | None:
    """The feed's alert that is not resolved, locked. The feed's row is locked before."""
    query = select(feed_alert).where(feed_alert.c.feed == feed, UNSETTLED)
    return tx.execute(query.with_for_update()).one_or_none()


def locked(tx: Transaction, alert_id: str) -> Row[Any]:
    """Raises UnknownAlert."""
    row = tx.execute(select(feed_alert).where(feed_alert.c.id == alert_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownAlert(alert_id=alert_id)
    return row


def load(tx: Transaction, alert_id: str) -> Row[Any]:
    return tx.execute(select(feed_alert).where(feed_alert.c.id == alert_id)).one()


def add(tx: Transaction, feed: str, **values: Any) -> None:
    tx.execute(insert(feed_alert).values(id=new_id(), feed=feed, opened_at=tx.now, **values))


def change(tx: Transaction, alert_id: str, **values: Any) -> None:
    tx.execute(update(feed_alert).where(feed_alert.c.id == alert_id).values(**values))


def alerts(tx: Transaction, page: Page, *, feed: str, open_only: bool) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(feed_alert).order_by(feed_alert.c.id.desc()).limit(page.limit)
    if feed:
        query = query.where(feed_alert.c.feed == feed)
    if open_only:
        query = query.where(UNSETTLED)
    if page.after:
        query = query.where(feed_alert.c.id < page.after["id"])
    return tx.execute(query).all()
