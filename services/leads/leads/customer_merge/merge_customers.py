"""Two records of one customer become one (LD1.4). Nothing that hangs on the merged one is moved: it is read with the
other's; so that the two can be parted again exactly. Orders alone are linked anew, and remember whom they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chassis.audit import plain
from chassis.errors import EtagMismatch
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customer_grades.mark_customers import mark_customers
from leads.customer_merge import rules, store, suggestion_store
from leads.customer_merge.events import CustomerMerged
from leads.customer_merge.probe_owners import Verified, still
from leads.customers import store as customers
from leads.customers.branch_store import is_below
from leads.customers.events import CustomerUpdated
from leads.customers.rules import Customer
from leads.purchases import store as purchases


@dataclass(frozen=True)
class Merged:
    """`taken`: field → before and after; `differences`: field → the value that stays and the other's."""

    merge_id: str
    customer: Customer
    taken: Mapping[str, Any]
    differences: Mapping[str, Any]


def merge_customers(
    tx: Transaction,
    kept_id: str,
    merged_id: str,
    reason: str,
    verified: Verified,
    seen: tuple[int, int] | None = None,
) -> Merged:
    """`seen`: the versions of both that the caller looked at.

    Raises CustomerNotFound, EtagMismatch, InvalidInput, CustomerIsMerged, TwoCreditCodes or BranchOfTheOther.
    """
    store.take_turns(tx)
    locked = store.lock(tx, [kept_id, merged_id])
    kept, merged = locked[kept_id], locked[merged_id]
    _check(tx, kept, merged, seen)
    taken = rules.taken_over(kept, merged) | rules.owner_taken(kept, merged, still(tx, verified))
    told = Merged(new_id(), kept, rules.kept_values(kept, taken), rules.differences(kept, merged))
    store.add(
        tx,
        {
            "merge_id": told.merge_id,
            "kept_id": kept_id,
            "merged_id": merged_id,
            "merged_by": tx.identity.subject,
            "merged_at": tx.now,
            "reason": reason,
            "taken_over": told.taken,
            "differences": told.differences,
        },
    )
    # The merged ones first: their number and code are the other's only then.
    beneath = [merged_id, *store.beneath_of(tx, merged_id)]
    parts = [customers.save(tx, locked[each], merged_into=kept_id) for each in beneath]
    whole = customers.save(tx, kept, **taken)
    purchases.link_merged(tx, merged_id, kept_id)
    mark_customers(tx, [kept_id])
    suggestion_store.answer_pair(tx, kept_id, merged_id, "accepted", reason)
    _tell(tx, told, kept, merged, whole, reason)
    for each in parts:
        if "customer_code" in taken:
            # Neighbours know a customer by its number: one alone bears it.
            tx.record(CustomerUpdated(replace(each.facts, customer_code=""), each.customer_id))
        tx.record(
            CustomerMerged(each.customer_id, kept_id, told.merge_id, each.version, whole.owner_id, whole.unit, tx.now)
        )
    return Merged(told.merge_id, whole, told.taken, told.differences)


def _check(tx: Transaction, kept: Customer, merged: Customer, seen: tuple[int, int] | None) -> None:
    for each in (kept, merged):
        if not tx.identity.may_see(each.owner_id, each.unit):
            raise customers.CustomerNotFound(customer_id=each.customer_id)
    rules.check_merge(kept, merged)
    if seen is not None and seen != (kept.version, merged.version):
        raise EtagMismatch
    one, other = kept.customer_id, merged.customer_id
    if is_below(tx, one, other) or is_below(tx, other, one):
        raise rules.BranchOfTheOther


def _tell(tx: Transaction, told: Merged, kept: Customer, merged: Customer, whole: Customer, reason: str) -> None:
    tx.audit(
        action="customer.merge",
        entity="customer",
        entity_id=kept.customer_id,
        before={"merged": merged.customer_id, "owner_id": kept.owner_id, "merged_owner_id": merged.owner_id},
        after=plain({"merge_id": told.merge_id, "owner_id": whole.owner_id, "taken": told.taken}),
        why=reason,
    )
    tx.record(CustomerUpdated(whole.facts, whole.customer_id))
    if whole.owner_id != kept.owner_id:
        tx.record(whole.owner_changed(kept.owner_id))
