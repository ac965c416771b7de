"""The owner of a claimed lead needs longer (LD7.1)."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import Lead
from leads.lifecycle.rules import require_own
from leads.pool import rules, store
from leads.pool.policy import PoolPolicy
from leads.pool.protect_lead import protect_lead


def extend_protection(tx: Transaction, lead_id: str, policy: PoolPolicy) -> tuple[Lead, datetime, int]:
    """The lead, the end of its protection and how many extensions are left.

    Raises LeadNotFound, NotTheOwner, NotClaimed, ExtensionsUsed.
    """
    lead = leads.lock(tx, lead_id)
    require_own(lead, tx.identity.subject)
    claim = store.last_claim(tx, lead_id)
    if claim is None or not store.is_claimed_by(tx, lead_id, tx.identity.subject):
        raise rules.NotClaimed
    extensions = rules.extend(claim.extensions, policy)
    due = rules.protection(max(tx.now, lead.recycle_due_at or tx.now), policy, BusinessCalendar())
    until = max(due.values())
    store.extend_claim(tx, claim.claim_id, extensions, until)
    extended = protect_lead(tx, lead, due)
    said = f"Protection extended until {rules.told(until)}.", f"保护期延长至 {rules.told(until)}。"
    leads.note(tx, lead_id, "extended", *said)
    tx.audit(
        action="lead.extend_protection",
        entity="lead",
        entity_id=lead_id,
        before={"protected_until": claim.protected_until, "extensions": claim.extensions},
        after={"protected_until": until, "extensions": extensions},
    )
    return extended, until, policy.extensions - extensions
