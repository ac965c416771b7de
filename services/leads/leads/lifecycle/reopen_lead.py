"""A disqualified or recycled lead, re-screened, goes through the automatic assignment again (LD1.7)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadReopened
from leads.lead.rules import Command, Lead


def reopen_lead(tx: Transaction, lead_id: str, reason: str, etag: str = "") -> Lead:
    """Raises LeadNotFound, EtagMismatch or IllegalCommand."""
    lead = store.lock(tx, lead_id)
    store.check_etag(lead, etag)
    reopened = store.save(
        tx,
        lead,
        state=lead_rules.after(lead.state, Command.REOPEN),
        owner_id="",
        assigned_at=None,
        accepted_at=None,
        first_contact_at=None,
        last_effective_action_at=None,
        waiting_since=tx.now,
        yellow=False,
        reason="",
        reason_zh="",
    )
    store.note(tx, lead_id, "reopened", f"Reopened: {reason}", f"重新打开：{reason}")
    tx.audit(
        action="lead.reopen",
        entity="lead",
        entity_id=lead_id,
        before={"state": lead.state.value},
        after={"state": reopened.state.value},
        why=reason,
    )
    tx.record(LeadReopened(lead_id, reason))
    return reopened
