"""Two leads become one (LD1.4). Nothing is moved: the merged lead keeps its touches, follow-ups and timeline, and the
one that goes on shows them with its own; so that the two can be parted again exactly."""

from __future__ import annotations

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.duplicates import merge_rules, store
from leads.duplicates.index_again import index_again
from leads.lead import rules as lead_rules
from leads.lead import store as leads
from leads.lead.events import LeadMerged
from leads.lead.rules import Command, Lead
from leads.lead.snapshot import columns, standing
from leads.ownership import store as ownership


def merge_leads(tx: Transaction, kept_id: str, merged_id: str, reason: str, etag: str = "") -> tuple[str, Lead]:
    """Id of the merge and the lead that goes on.

    Raises LeadNotFound, EtagMismatch, InvalidInput, TwoFirms, BranchAndParent, OwnedGoesOn, LeadNotOpen or
    IllegalCommand.
    """
    leads.load(tx, kept_id)
    locked = {each: leads.lock(tx, each) for each in sorted({kept_id, merged_id})}
    kept, merged = locked[kept_id], locked[merged_id]
    leads.check_etag(kept, etag)
    merge_rules.check_merge(kept, merged)
    merge_id = new_id()
    whole = merge_rules.completed(kept, merged)
    taken = merge_rules.taken_over(columns(kept), columns(whole))
    store.add_merge(
        tx,
        {
            "merge_id": merge_id,
            "kept_id": kept_id,
            "merged_id": merged_id,
            "merged_by": tx.identity.subject,
            "merged_at": tx.now,
            "reason": reason,
            "standing": standing(merged),
            "clocks": store.clocks_of(tx, merged_id),
            "taken_over": taken,
            "touches": merged.touches,
        },
    )
    _put_to_rest(tx, merged, kept_id)
    row = leads.to_row(whole)
    store.change_columns(tx, kept_id, {name: row[name] for name in [*taken, "touches"]})
    index_again(tx, kept_id)
    store.decide_pair(tx, locked, "accepted", reason)
    _tell(tx, merge_id, kept, merged, reason)
    return merge_id, leads.load_taken(tx, kept_id)


def _put_to_rest(tx: Transaction, merged: Lead, kept_id: str) -> None:
    ownership.end(tx, merged, "merged")
    tx.deadlines.stop_all(merged.lead_id)
    leads.save(
        tx,
        merged,
        state=lead_rules.after(merged.state, Command.MERGE),
        owner_id="",
        merged_into=kept_id,
        waiting_since=None,
        recycle_due_at=None,
    )


def _tell(tx: Transaction, merge_id: str, kept: Lead, merged: Lead, reason: str) -> None:
    said = f"Merged with {merged.company_name}: {reason}", f"已与 {merged.company_name} 合并：{reason}"
    leads.note(tx, kept.lead_id, "merged", *said, reference=merge_id)
    tx.audit(
        action="lead.merge",
        entity="lead",
        entity_id=kept.lead_id,
        before={"merged": merged.lead_id, "state": merged.state.value, "owner_id": merged.owner_id},
        after={"merge_id": merge_id, "owner_id": kept.owner_id},
        why=reason,
    )
    tx.record(LeadMerged(merged.lead_id, kept.lead_id, merge_id, merged.owner_id, kept.owner_id, merged.unit, tx.now))
