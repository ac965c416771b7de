"""Somebody looks after a feed that is bad."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.alerts import store
from integration.feeds.alerts.rules import AlertIsResolved, State


def acknowledge_alert(tx: Transaction, alert_id: str, note: str) -> Row[Any]:
    """The first who did so is kept. Raises UnknownAlert or AlertIsResolved."""
    alert = store.locked(tx, alert_id)
    if alert.state == State.RESOLVED:
        raise AlertIsResolved(feed=alert.feed)
    if alert.state != State.ACKNOWLEDGED:
        who = tx.identity.subject
        store.change(
            tx, alert_id, state=State.ACKNOWLEDGED.value, acknowledged_at=tx.now, acknowledged_by=who, note=note
        )
        tx.audit(
            action="feed.acknowledge", entity="feed", entity_id=alert.feed, before={"state": alert.state}, why=note
        )
    return store.load(tx, alert_id)
