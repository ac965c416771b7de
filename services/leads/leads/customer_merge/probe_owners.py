"""Asks the directory who may own customers, before a transaction: the door of LD4.1 for merges."""

from __future__ import annotations

from collections.abc import Collection

from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.probe_rules import Verdict
from leads.customer_merge import rules, store, suggestion_store
from leads.customers.store import CustomerNotFound
from leads.roster import store as roster

# Employee → the version on the roster that was verified.
Verified = dict[str, int]


def probe_for_merge(assigner: Assigner, kept_id: str, merged_id: str) -> Verified:
    """Nobody is asked while it is clear whose both are."""
    with assigner.uow.read(assigner.identity) as tx:
        try:
            kept, merged = store.record(tx, kept_id), store.record(tx, merged_id)
        except CustomerNotFound:
            return {}  # The merge itself says so.
    return _probe(assigner, {kept.owner_id, merged.owner_id}) if rules.asks_for_owners(kept, merged) else {}


def probe_for_suggestion(assigner: Assigner, suggestion_id: str) -> Verified:
    """Raises CustomerSuggestionNotFound."""
    with assigner.uow.read(assigner.identity) as tx:
        row = suggestion_store.load(tx, suggestion_id)
    return probe_for_merge(assigner, row.other_id, row.customer_id)


def probe_for_unmerge(assigner: Assigner, merge_id: str) -> Verified:
    """The merged record's owner, and who owned the other before. Raises CustomerMergeNotFound."""
    with assigner.uow.read(assigner.identity) as tx:
        merge = store.load(tx, merge_id)
        owner_id = store.record(tx, merge.merged_id).owner_id
    return _probe(assigner, {owner_id, merge.taken_over.get("owner_id", [""])[0]})


def still(tx: Transaction, verified: Verified) -> frozenset[str]:
    """Of whom the roster has heard nothing since."""
    return frozenset(each for each, version in verified.items() if roster.version_of(tx, each) == version)


def _probe(assigner: Assigner, employee_ids: Collection[str]) -> Verified:
    with assigner.uow.read(assigner.identity) as tx:
        versions = {each: roster.version_of(tx, each) for each in sorted(employee_ids) if each}
    known = {each: version for each, version in versions.items() if version is not None}
    if not known:
        return {}
    checked = assigner.probe.check(known, assigner.uow.clock.now(), assigner.policy()[1])
    return {each: known[each] for each, one in checked.items() if one.verdict is Verdict.VERIFIED}
