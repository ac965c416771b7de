"""Two leads that were merged are parted again, each as it was (LD1.4). Its former owner gets the merged lead back
through the probe (LD4.1); whoever can't have it any more leaves it to the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Start
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.settle_leads import Give, settle_lead
from leads.duplicates import merge_rules, store
from leads.duplicates.index_again import index_again
from leads.duplicates.policy import DuplicatePolicy
from leads.lead import rules as lead_rules
from leads.lead import store as leads
from leads.lead.events import LeadUnmerged
from leads.lead.rules import Command, Lead, counts_as
from leads.lead.snapshot import columns, put_back
from leads.roster import store as roster


def probe_former_owner(assigner: Assigner, merge_id: str) -> Checked | None:
    """Asks the directory; before the transaction. None: there was none, or the roster does not know the employee."""
    _, policy = assigner.policy()
    with assigner.uow.read(assigner.identity) as tx:
        owner_id = store.load_merge(tx, merge_id).standing["owner_id"]
        version = roster.version_of(tx, owner_id) if owner_id else None
    if version is None:
        return None
    return assigner.probe.check({owner_id: version}, assigner.uow.clock.now(), policy)[owner_id]


def unmerge_lead(
    tx: Transaction, assigner: Assigner, merge_id: str, reason: str, checked: Checked | None, policy: DuplicatePolicy
) -> tuple[Lead, Lead]:
    """The lead that went on and the one that is back.

    Raises MergeNotFound, MergeUndone, TooLateToUnmerge, MergedOn.
    """
    merge = store.load_merge(tx, merge_id, lock=True)
    locked = leads.lock_all(tx, [merge.kept_id, merge.merged_id])
    kept, merged = locked[merge.kept_id], locked[merge.merged_id]
    if not leads.is_visible(tx, kept.lead_id):
        raise store.MergeNotFound(merge_id=merge_id)
    merge_rules.check_unmerge(merge.merged_at, merge.unmerged_at, kept, tx.now, policy)
    _take_back(tx, kept, merge)
    index_again(tx, kept.lead_id)
    back = _restore(tx, assigner, merged, merge, checked)
    store.end_merge(tx, merge_id, reason, tx.now)
    store.decide_pair(tx, locked, "refused", reason)
    said = (
        f"The merge with {merged.company_name} was undone: {reason}",
        f"已撤销与 {merged.company_name} 的合并：{reason}",
    )
    leads.note(tx, kept.lead_id, "unmerged", *said, reference=merge_id)
    tx.audit(
        action="lead.unmerge",
        entity="lead",
        entity_id=kept.lead_id,
        before={"merge_id": merge_id},
        after={"parted": merged.lead_id, "state": back.state.value, "owner_id": back.owner_id},
        why=reason,
    )
    tx.record(LeadUnmerged(merged.lead_id, kept.lead_id, merge_id, back.owner_id, back.unit, tx.now))
    return leads.load_taken(tx, kept.lead_id), back


def _take_back(tx: Transaction, kept: Lead, merge: Row[Any]) -> None:
    """What nobody has changed since the merge; touches that came since stay."""
    now = leads.to_row(kept)
    back = merge_rules.given_back(columns(kept), merge.taken_over)
    typed = {name: _typed(value, now[name]) for name, value in back.items()}
    store.change_columns(tx, kept.lead_id, typed | {"touches": kept.touches - merge.touches})


def _typed(value: Any, like: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(like, datetime) and isinstance(value, str) else value


def _restore(tx: Transaction, assigner: Assigner, merged: Lead, merge: Row[Any], checked: Checked | None) -> Lead:
    parted = leads.save(
        tx, merged, state=lead_rules.after(merged.state, Command.UNMERGE), merged_into=None, waiting_since=tx.now
    )
    before = put_back(merge.standing)
    owner_id = merge.standing["owner_id"]
    if owner_id and not _give_back(tx, assigner, parted, owner_id, checked):
        return parted
    current = leads.load_taken(tx, merged.lead_id)
    tx.deadlines.stop_all(merged.lead_id)
    tx.deadlines.start_all(
        [
            Start(
                each["kind"],
                merged.lead_id,
                datetime.fromisoformat(each["due_at"]),
                each["payload"],
                each["policy_version"],
            )
            for each in merge.clocks
        ]
    )
    return leads.save(tx, current, **before)


def _give_back(tx: Transaction, assigner: Assigner, lead: Lead, owner_id: str, checked: Checked | None) -> bool:
    rep = roster.lock_rep(tx, owner_id)
    if rep is None or checked is None or checked.verdict is not Verdict.VERIFIED or rep.paused_at is not None:
        return False
    decision = Decision(
        decision_id=new_id(),
        lead_id=lead.lead_id,
        at=tx.now,
        grade=counts_as(lead.grade),
        policy_version=assigner.policy()[0],
        outcome="unmerged",
        winner_id=owner_id,
        body={"verdict": checked.verdict.value, "age_seconds": checked.age_seconds},
    )
    settle_lead(tx, Give(replace(lead, first_contact_at=None), rep, decision, "unmerged"), assigner.clocks())
    return True
