"""The owner takes the lead on (LD1.7)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadAccepted
from leads.lead.rules import Command, Lead
from leads.lifecycle.rules import require_own
from leads.response_clock.rules import ACCEPTANCE_STOPS


def accept_lead(tx: Transaction, lead_id: str, etag: str = "") -> Lead:
    """Raises LeadNotFound, NotTheOwner, EtagMismatch or IllegalCommand."""
    lead = store.lock(tx, lead_id)
    require_own(lead, tx.identity.subject)
    store.check_etag(lead, etag)
    accepted = store.save(tx, lead, state=lead_rules.after(lead.state, Command.ACCEPT), accepted_at=tx.now)
    for clock in sorted(ACCEPTANCE_STOPS):
        tx.deadlines.stop(clock.value, lead_id)
    store.note(tx, lead_id, "accepted", "Accepted.", "已接收。")
    tx.audit(action="lead.accept", entity="lead", entity_id=lead_id, after={"state": accepted.state.value})
    tx.record(LeadAccepted(lead_id, lead.owner_id, tx.now))
    return accepted
