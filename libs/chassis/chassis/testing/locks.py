"""Transactions of a test that wait for each other."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import text

from chassis.database import Database

PATIENCE = 30.0
# Of this database alone: tests of other databases run on the same server.
_BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def until_blocked(database: Database, count: int = 1, *, unless: Callable[[], bool] = lambda: False) -> None:
    """Until so many transactions wait for a lock, or `unless` holds, since the other one may be through already."""
    give_up = time.monotonic() + PATIENCE
    with database.read() as connection:
        while not unless() and connection.execute(_BLOCKED).scalar_one() < count:
            assert time.monotonic() < give_up, f"no {count} wait for a lock"
            time.sleep(0.01)
