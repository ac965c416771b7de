"""Is it a feed's turn?"""

from __future__ import annotations

from datetime import timedelta

from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from integration.feeds import store
from integration.feeds.errors import UnknownFeed


def is_due(uow: UnitOfWork, name: str, early: timedelta) -> bool:
    """True from `early` before its next run on, so that a tick a moment too soon does not skip a turn."""
    with uow.read(of_service("integration")) as tx:
        try:
            row = store.load(tx, name)
        except UnknownFeed:
            return True
        return row.next_run_at is None or row.next_run_at <= tx.now + early
