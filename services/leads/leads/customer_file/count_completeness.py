"""Completeness of customers' files: as it is now, and kept for lists (LD9.1)."""

from __future__ import annotations

from collections.abc import Collection

from chassis.identity import of_service
from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.customer_file import completeness_store as store
from leads.customer_file.completeness_rules import Completeness, completeness
from leads.customer_file.policy import CompletenessPolicy
from leads.customers import store as customers

_CHUNK = 500


def completeness_of(
    tx: Transaction, customer_ids: Collection[str], policy: CompletenessPolicy
) -> dict[str, Completeness]:
    """Customer id → its file's completeness, from what the file holds now."""
    found = store.facts_of(tx, customer_ids, local_date(tx.now))
    return {each: completeness(facts, policy.weights, policy.not_asked) for each, facts in found.items()}


def count_again(tx: Transaction, customer_id: str, policy: CompletenessPolicy, policy_version: int) -> Completeness:
    """Of a locked customer, whose list entry then says the same; or of the one that goes on for it."""
    whole_id = customers.whole_of(tx, customer_id)
    counted = completeness_of(tx, [whole_id], policy)
    store.keep(tx, counted, policy_version)
    return counted[whole_id]


def count_uncounted(uow: UnitOfWork, policy: CompletenessPolicy, policy_version: int) -> int:
    """Those changed by other features, and all of them when the policy changes; how many."""
    counted = 0
    while True:
        with uow.begin(of_service(uow.service)) as tx:
            found = store.lock_uncounted(tx, policy_version, _CHUNK)
            store.keep(tx, completeness_of(tx, found, policy), policy_version)
            tx.commit()
        counted += len(found)
        if len(found) < _CHUNK:
            return counted


def count_ended(uow: UnitOfWork) -> int:
    """Papers end at midnight without anybody touching the file; how many files are to be counted again."""
    with uow.begin(of_service(uow.service)) as tx:
        marked = store.mark_ended(tx, local_date(tx.now))
        tx.commit()
    return marked
