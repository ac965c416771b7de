"""SQL of feed states."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from forecast.provenance.rules import FeedState, least_complete
from forecast.tables import feed_state

BANK = "bank"
_BANKS = select(feed_state).where(
    or_(feed_state.c.feed == BANK, feed_state.c.feed.startswith(f"{BANK}_", autoescape=True))
)


def note_feed(tx: Transaction, state: FeedState, said_at: datetime) -> None:
    """What was said later wins; an older message changes nothing."""
    new = insert(feed_state).values(
        feed=state.feed, complete=state.complete, complete_until=state.complete_until, said_at=said_at
    )
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["feed"],
            set_={name: new.excluded[name] for name in ("complete", "complete_until", "said_at")},
            where=feed_state.c.said_at <= new.excluded.said_at,
        )
    )


def bank_state(tx: Transaction) -> FeedState | None:
    """Of all feeds of banks together: as complete as the least complete of them."""
    return least_complete([FeedState(row.feed, row.complete, row.complete_until) for row in tx.execute(_BANKS)])
