"""Nothing effective happened in time: warn, then back to the pool (LD6.1)."""

from __future__ import annotations

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadRecycled, LeadResponseOverdue
from leads.lead.rules import OWNED, Command, Lead, counts_as
from leads.ownership import store as ownership
from leads.recycle import rules
from leads.recycle.policy import RecyclePolicy
from leads.roster import store as roster


def warn_of_recycling(tx: Transaction, deadline: Deadline) -> None:
    """Four hours before the lead goes, its owner and manager hear of it."""
    lead = store.lock(tx, deadline.subject_id)
    if lead.state not in OWNED:
        return
    owner = roster.person(tx, lead.owner_id)
    store.note(
        tx, lead.lead_id, "recycle_warning", "Goes back to the pool soon.", "即将回收至公海。", at=deadline.due_at
    )
    tx.record(
        LeadResponseOverdue(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            owner_id=lead.owner_id,
            owner_name=owner.name,
            manager_id=owner.manager_id,
            unit=lead.unit,
            grade=counts_as(lead.grade).value,
            step="recycle_warning",
            due_at=deadline.due_at,
            assigned_at=lead.assigned_at or tx.now,
        )
    )


def recycle_lead(tx: Transaction, deadline: Deadline, policy: RecyclePolicy) -> None:
    """Back to the pool with a reason to re-screen; counted as a bounce. All clocks of the lead stop."""
    lead = store.lock(tx, deadline.subject_id)
    if lead.state not in OWNED:
        return
    owner = roster.person(tx, lead.owner_id)
    reason, reason_zh = rules.reason(lead.yellow, counts_as(lead.grade), policy)
    ownership.end(tx, lead, "recycled")
    tx.deadlines.stop_all(lead.lead_id)
    recycled = _to_the_pool(tx, lead, reason, reason_zh)
    store.note(tx, lead.lead_id, "recycled", reason, reason_zh, at=deadline.due_at)
    tx.record(
        LeadRecycled(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            previous_owner_id=lead.owner_id,
            manager_id=owner.manager_id,
            unit=lead.unit,
            reason=reason,
            bounces=recycled.bounces,
            recycled_at=deadline.due_at,
            reason_zh=reason_zh,
        )
    )


def _to_the_pool(tx: Transaction, lead: Lead, reason: str, reason_zh: str) -> Lead:
    """The unit stays: the team it came from sees it in the pool."""
    return store.save(
        tx,
        lead,
        state=lead_rules.after(lead.state, Command.RECYCLE),
        owner_id="",
        yellow=True,
        reason=reason,
        reason_zh=reason_zh,
        bounces=lead.bounces + 1,
        assigned_at=None,
        accepted_at=None,
        recycle_due_at=None,
        waiting_since=tx.now,
    )
