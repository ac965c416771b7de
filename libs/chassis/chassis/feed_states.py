"""What feeds last said of themselves, kept by each service whose figures rest on them (N2.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, DateTime, MetaData, Table, Text, or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.provenance import FeedState, least_complete
from chassis.unit_of_work import Transaction

BANK = "bank"


def feed_state_table(metadata: MetaData) -> Table:
    """To be called once in a service's `tables.py`; the table comes with the service's own migration."""
    return Table(
        "feed_state",
        metadata,
        Column("feed", Text, primary_key=True),
        Column("complete", Boolean, nullable=False),
        Column("complete_until", DateTime(timezone=True), nullable=True),
        # When the feed said so: an older message is ignored.
        Column("said_at", DateTime(timezone=True), nullable=False),
    )


# Any metadata will do: statements name the table, they don't hold it.
_table = feed_state_table(MetaData())
_BANKS = select(_table).where(or_(_table.c.feed == BANK, _table.c.feed.startswith(f"{BANK}_", autoescape=True)))


def note_feed(tx: Transaction, state: FeedState, said_at: datetime) -> None:
    """What was said later wins; an older message changes nothing."""
    new = insert(_table).values(
        feed=state.feed, complete=state.complete, complete_until=state.complete_until, said_at=said_at
    )
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["feed"],
            set_={name: new.excluded[name] for name in ("complete", "complete_until", "said_at")},
            where=_table.c.said_at <= new.excluded.said_at,
        )
    )


def bank_state(tx: Transaction) -> FeedState | None:
    """Of all feeds of banks together: as complete as the least complete of them."""
    return least_complete([FeedState(row.feed, row.complete, row.complete_until) for row in tx.execute(_BANKS)])
