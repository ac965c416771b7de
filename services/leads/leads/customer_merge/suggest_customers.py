"""A customer that is probably known already is suggested to a person (LD1.4), after it came in or was changed."""

from __future__ import annotations

from collections.abc import Collection

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customer_merge import near_store, suggestion_store
from leads.customer_merge.near_rules import suggested
from leads.duplicates.policy import DuplicatePolicy

BATCH = 500


def suggest_customers(tx: Transaction, customer_ids: Collection[str], policy: DuplicatePolicy) -> None:
    """A pair is suggested once, whatever was said of it."""
    changed = near_store.take_changed(tx, customer_ids)
    known = near_store.candidates(tx, changed)
    pairs = {
        (each.customer_id, each.other_id): each
        for new in changed
        for each in suggested(new, known.get(new.customer_id, ()), policy.near_score)
    }
    suggestion_store.add(
        tx, [vars(each) | {"suggestion_id": new_id(), "state": "open", "made_at": tx.now} for each in pairs.values()]
    )


def suggest_missing_customers(tx: Transaction, policy: DuplicatePolicy) -> int:
    """A batch of those that were there before customers were compared; how many."""
    ids = near_store.missing(tx, BATCH)
    suggest_customers(tx, ids, policy)
    return len(ids)
