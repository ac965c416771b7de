"""Two records that were merged are two customers again, each as it was (LD1.4). What was told of in between stays with
the one it was told of. Owners come back through the probe (LD4.1); who can't be verified leaves a customer unowned."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from leads.customer_grades.mark_customers import mark_customers
from leads.customer_merge import rules, store, suggestion_store
from leads.customer_merge.events import CustomerMerged, CustomerUnmerged
from leads.customer_merge.probe_owners import Verified, still
from leads.customers import store as customers
from leads.customers.events import CustomerUpdated
from leads.customers.rules import Customer
from leads.duplicates.policy import DuplicatePolicy
from leads.purchases import store as purchases


@dataclass(frozen=True)
class Parted:
    """The one that went on and the one that is back, and whoever had that one and can't have it again."""

    kept: Customer
    back: Customer
    unverified_owner_id: str


def unmerge_customer(
    tx: Transaction, merge_id: str, reason: str, verified: Verified, policy: DuplicatePolicy
) -> Parted:
    """Raises CustomerMergeNotFound, CustomerMergeUndone, TooLateToPart or CustomerMergedOn."""
    store.take_turns(tx)
    merge = store.load(tx, merge_id)
    locked = store.lock(tx, [merge.kept_id, merge.merged_id])
    kept, merged = locked[merge.kept_id], locked[merge.merged_id]
    if not all(tx.identity.may_see(each.owner_id, each.unit) for each in (kept, merged)):
        raise store.CustomerMergeNotFound(merge_id=merge_id)
    rules.check_unmerge(merge.merged_at, merge.unmerged_at, kept, tx.now, policy)
    may_own = still(tx, verified)
    # The number and the code are given back before the other bears them again.
    left = customers.save(tx, kept, **rules.given_back(kept, merge.taken_over, may_own))
    gone = {"owner_id": ""} if merged.owner_id and merged.owner_id not in may_own else {}
    back = customers.save(tx, merged, merged_into=None, **gone)
    store.end(tx, merge_id, reason)
    beneath = store.beneath_of(tx, merged.customer_id)
    parts = [customers.save(tx, locked[each], merged_into=merged.customer_id) for each in beneath]
    purchases.link_parted(tx, merged.customer_id, beneath)
    mark_customers(tx, [left.customer_id, back.customer_id])
    suggestion_store.answer_pair(tx, kept.customer_id, merged.customer_id, "refused", reason)
    for before, after in ((kept, left), (merged, back)):
        _tell_owner(tx, before, after)
    tx.audit(
        action="customer.unmerge",
        entity="customer",
        entity_id=kept.customer_id,
        before={"merge_id": merge_id, "owner_id": kept.owner_id},
        after={"parted": back.customer_id, "owner_id": left.owner_id, "parted_owner_id": back.owner_id},
        why=reason,
    )
    tx.record(
        CustomerUnmerged(back.customer_id, kept.customer_id, merge_id, back.version, back.owner_id, back.unit, tx.now)
    )
    for each in parts:
        tx.record(
            CustomerMerged(each.customer_id, back.customer_id, merge_id, each.version, back.owner_id, back.unit, tx.now)
        )
    return Parted(left, back, merged.owner_id if gone else "")


def _tell_owner(tx: Transaction, before: Customer, after: Customer) -> None:
    tx.record(CustomerUpdated(after.facts, after.customer_id))
    if after.owner_id != before.owner_id:
        tx.record(after.owner_changed(before.owner_id))
