"""Once a day: did yesterday bring about as much as usual? (N2.1)"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis.kernel.calendar import BusinessCalendar, local_date
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.volume_rules import DAYS, unusual

CALENDAR = BusinessCalendar()


def look_at_volume(tx: Transaction, row: Row[Any], factor: float) -> Row[Any]:
    """The feed's row, locked before, with what is unusual about yesterday."""
    today = local_date(tx.now)
    if row.volume_on == today:
        return row
    yesterday = today - timedelta(days=1)
    counts = store.new_by_day(tx, row.feed, yesterday - timedelta(days=DAYS), today)
    found = unusual(counts, yesterday, factor, CALENDAR)
    said = {"volume": found.en, "volume_zh": found.zh} if found else {"volume": "", "volume_zh": ""}
    store.change(tx, row.feed, volume_on=today, **said)
    return store.locked(tx, row.feed)
