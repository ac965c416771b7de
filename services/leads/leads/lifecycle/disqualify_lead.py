"""A lead that leads nowhere is closed with a reason; it can be reopened (LD1.7)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.history.close_lead import close_lead
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadDisqualified
from leads.lead.rules import Command, Lead
from leads.lifecycle.rules import require_own
from leads.ownership import store as ownership


def disqualify_lead(tx: Transaction, lead_id: str, reason: str, etag: str = "") -> Lead:
    """Raises LeadNotFound, NotTheOwner, EtagMismatch or IllegalCommand. For its owner it counts as not won."""
    lead = store.lock(tx, lead_id)
    require_own(lead, tx.identity.subject)
    store.check_etag(lead, etag)
    state = lead_rules.after(lead.state, Command.DISQUALIFY)
    ownership.end(tx, lead, "disqualified")
    tx.deadlines.stop_all(lead_id)
    closed = store.save(tx, lead, state=state, reason=reason, reason_zh=reason, recycle_due_at=None, waiting_since=None)
    if lead.owner_id:
        close_lead(tx, lead_id, lead.owner_id, won=False, at=tx.now)
    store.note(tx, lead_id, "disqualified", f"Disqualified: {reason}", f"已判无效：{reason}")
    tx.audit(
        action="lead.disqualify",
        entity="lead",
        entity_id=lead_id,
        before={"state": lead.state.value},
        after={"state": state.value},
        why=reason,
    )
    tx.record(LeadDisqualified(lead_id, lead.owner_id, lead.grade.value if lead.grade else "", reason))
    return closed
