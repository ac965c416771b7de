"""Try quarantined records again through the feed's own path (N1.2). What still fails stays, with today's reason.

In two transactions, as a run keeps its pages and ends: what `take` has locked must not be held when matching locks
receipts, or two who go in different orders wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.assess import assess
from integration.feeds.connector import Connector, Page, RuleOf
from integration.feeds.rules import Raw

AT_ONCE = 500


@dataclass(frozen=True)
class Replayed:
    """`to_hand_in`: records that no replay can read; their file is handed in again, corrected."""

    replayed: int
    still_rejected: int
    to_hand_in: int


def replay_quarantine(tx: Transaction, connector: Connector) -> Replayed:
    """At most 500 records, those first that were not tried for longest.

    `follow_replay` comes after it, in a transaction of its own.
    """
    store.announce(tx, [connector.feed])
    store.locked(tx, connector.feed)
    done: list[str] = []
    waiting = store.to_replay(tx, connector.feed, AT_ONCE)
    for row in waiting:
        outcome = connector.take(tx, Page([Raw(row.place, row.raw)], ""), row.run_id)
        if outcome.rejections:
            store.explain_again(tx, row.id, outcome.rejections[0])
        else:
            done.append(row.id)
    store.settle(tx, done)
    tx.audit(action="feed.replay", entity="feed", entity_id=connector.feed, after={"replayed": len(done)})
    return Replayed(len(done), len(waiting) - len(done), store.to_hand_in(tx, connector.feed))


def follow_replay(tx: Transaction, connector: Connector, rule_of: RuleOf) -> None:
    """What is proved now, and how the feed is. Once more changes nothing."""
    store.locked(tx, connector.feed)
    store.keep_proof(tx, connector.feed, connector.finish(tx, {}))
    assess(tx, connector, rule_of(connector))
