"""An owner gives a lead back to the pool, with a reason; it counts as no bounce (LD7.1)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadRecycled
from leads.lead.rules import Command, Lead
from leads.lifecycle.rules import require_own
from leads.ownership import store as ownership
from leads.roster import store as roster


def release_lead(tx: Transaction, lead_id: str, reason: str, etag: str = "") -> Lead:
    """Raises LeadNotFound, NotTheOwner, EtagMismatch or IllegalCommand."""
    lead = store.lock(tx, lead_id)
    require_own(lead, tx.identity.subject)
    store.check_etag(lead, etag)
    released = into_the_pool(tx, lead, Command.RELEASE, reason, reason)
    store.note(tx, lead_id, "released", f"Released into the pool: {reason}", f"已释放至公海：{reason}")
    tx.audit(
        action="lead.release",
        entity="lead",
        entity_id=lead_id,
        before={"state": lead.state.value, "owner_id": lead.owner_id},
        after={"state": released.state.value},
        why=reason,
    )
    return released


def into_the_pool(tx: Transaction, lead: Lead, command: Command, reason: str, reason_zh: str) -> Lead:
    """A locked lead, with its clocks stopped and its owner's load eased. The unit stays."""
    owner = roster.person(tx, lead.owner_id)
    tx.deadlines.stop_all(lead.lead_id)
    ownership.end(tx, lead, "released")
    pooled = store.save(
        tx,
        lead,
        state=lead_rules.after(lead.state, command),
        owner_id="",
        reason=reason,
        reason_zh=reason_zh,
        assigned_at=None,
        accepted_at=None,
        recycle_due_at=None,
        waiting_since=tx.now,
    )
    tx.record(
        LeadRecycled(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            previous_owner_id=lead.owner_id,
            manager_id=owner.manager_id,
            unit=lead.unit,
            reason=reason,
            bounces=pooled.bounces,
            recycled_at=tx.now,
            reason_zh=reason_zh,
        )
    )
    return pooled
