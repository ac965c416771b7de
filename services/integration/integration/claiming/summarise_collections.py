"""Collected in a month: arrived and claimed, how much needed no person, and how far the bank's data are complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.calendar import local_date
from chassis.kernel.provenance import FeedState, provenance
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.read_receipts import days_of
from integration.claiming.rules import AUTOMATIC
from integration.definitions.policy import DefinitionsPolicy
from integration.definitions.rules import Named, named
from integration.feeds import store as feeds
from integration.feeds.rules import BANK, Health, is_of_a_bank

METRIC = "collected"


@dataclass(frozen=True)
class Collections:
    """Amounts in fen. `automatic_share` is None while nothing is claimed."""

    arrived: int
    claimed: int
    receipts: int
    waiting_receipts: int
    automatic_share: float | None
    provisional: bool
    complete_until: datetime | None
    definition: Named

    @property
    def note(self) -> str:
        return note_of(self.provisional, self.complete_until)


def summarise_collections(tx: Transaction, month: str, registry: DefinitionsPolicy) -> Collections:
    """`month`: YYYY-MM, by the bank's booking date. Arrived and claimed (N4.1), as the registry says today."""
    days = days_of(month)
    sums = store.sums(tx, days)
    automatic = store.automatic_fen(tx, days, sorted(AUTOMATIC))
    provisional, until = standing_of_bank(tx)
    return Collections(
        arrived=int(sums.arrived),
        claimed=int(sums.claimed),
        receipts=sums.receipts,
        waiting_receipts=sums.waiting,
        automatic_share=automatic / int(sums.claimed) if sums.claimed else None,
        provisional=provisional,
        complete_until=until,
        definition=named(registry.definitions, METRIC, local_date(tx.now)),
    )


def note_of(provisional: bool, until: datetime | None) -> str:
    """What stands beside a figure that rests on the bank's data (N2.2)."""
    return provenance("", FeedState(BANK, not provisional, until)).note


def standing_of_bank(tx: Transaction) -> tuple[bool, datetime | None]:
    """Provisional while a feed of a bank is not healthy (N2.2), and until when the data of all are proved complete."""
    ran = [row for row in feeds.every(tx) if is_of_a_bank(row.feed) and row.first_run_at is not None]
    ends = [row.complete_until for row in ran]
    until = None if None in ends else min(ends, default=None)
    return not ran or any(row.health != Health.HEALTHY for row in ran), until
