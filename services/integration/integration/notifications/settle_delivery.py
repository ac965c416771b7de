"""What becomes of a delivery that was not taken: tried again after a pause, or given up and told so (N9.1)."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import Row

from chassis.identity import of_service
from chassis.telemetry import logger
from chassis.unit_of_work import UnitOfWork
from integration.notifications import store
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import NotificationFailed, pause_before

ME = of_service("integration")
log = logger()


def delay(uow: UnitOfWork, policy: NotificationsPolicy, row: Row[Any], error: str) -> None:
    """Gives up after the last attempt of the policy."""
    if row.attempts >= policy.attempts:
        fail(uow, row, error)
        return
    pause = pause_before(row.attempts, policy.first_pause_seconds, policy.longest_pause_seconds)
    with uow.begin(ME) as tx:
        # Jitter, so that a server that comes back is not met by everybody at once.
        store.again(tx, row.id, error, pause * random.uniform(0.5, 1.0))  # noqa: S311
        tx.commit()


def fail(uow: UnitOfWork, row: Row[Any], error: str) -> None:
    log.warning("delivery.failed", delivery=row.id, channel=row.channel, error=error)
    with uow.begin(ME) as tx:
        store.failed(tx, row.id, error)
        tx.record(NotificationFailed(row.id, row.recipient_id, row.channel, error))
        tx.commit()
