"""A contact reported by activity stops clocks and may be the lead's first (LD5.1, LD6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.history.store import Step, keep_steps
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadAccepted
from leads.lead.rules import OWNED, Command, Lead, State
from leads.lead.store import LeadNotFound
from leads.recycle.run_recycle_clock import run_recycle_clock
from leads.response_clock import rules
from leads.response_clock.rules import EFFECTS, Clock, Contact
from leads.response_clock.run_clocks import ClockPolicies

_WORDS = {
    Contact.CALL_ATTEMPT: ("Call without answer.", "电话未接通。"),
    Contact.CALL: ("Call.", "电话已接通。"),
    Contact.MESSAGE: ("Message to the customer.", "已向客户发送消息。"),
    Contact.VISIT: ("Visit or meeting.", "拜访或会议。"),
    Contact.REPLY: ("The customer replied.", "客户已回复。"),
    Contact.FORM: ("Form filled in.", "已填写跟进表单。"),
}

# Contact → the step it was on the way to the lead's end (LD12.1).
_STEPS = {Contact.CALL: "call", Contact.MESSAGE: "message", Contact.VISIT: "visit", Contact.REPLY: "reply"}


@dataclass(frozen=True)
class Reported:
    """`by` is the rep; `reference` the record in activity."""

    lead_id: str
    contact: Contact
    by: str
    at: datetime
    reference: str


def record_contact(tx: Transaction, reported: Reported, policies: ClockPolicies) -> None:
    """What somebody did who is not the owner, or before the owner had the lead, stops nothing."""
    try:
        lead = store.lock_going_on(tx, reported.lead_id)
    except LeadNotFound:
        return
    store.note(
        tx,
        lead.lead_id,
        "contacted" if EFFECTS[reported.contact].first_contact else "activity",
        *_WORDS[reported.contact],
        reference=reported.reference,
        at=reported.at,
    )
    if reported.contact in _STEPS:
        keep_steps(tx, [Step(lead.lead_id, reported.at, _STEPS[reported.contact])])
    if not _counts(lead, reported):
        return
    effect = EFFECTS[reported.contact]
    for clock in effect.stops:
        tx.deadlines.stop(clock.value, lead.lead_id)
    changes = _first_contact(tx, lead, reported, policies) if effect.first_contact else {}
    if effect.effective:
        changes |= _action(tx, lead, reported, policies)
    if reported.contact in (Contact.CALL, Contact.VISIT, Contact.REPLY) and lead.yellow:
        changes |= {"yellow": False, "reason": "", "reason_zh": ""}
    if changes:
        store.save(tx, lead, **changes)


def _counts(lead: Lead, reported: Reported) -> bool:
    if lead.state not in OWNED or lead.assigned_at is None:
        return False
    own = reported.contact is Contact.REPLY or not reported.by or reported.by == lead.owner_id
    return own and reported.at >= lead.assigned_at


def _first_contact(tx: Transaction, lead: Lead, reported: Reported, policies: ClockPolicies) -> dict[str, Any]:
    """The state moves; from the first contact on, the customer's reply is awaited (LD5.2)."""
    changes: dict[str, Any] = {"state": lead_rules.after(lead.state, Command.RECORD_CONTACT)}
    if lead.state is State.ASSIGNED:
        changes["accepted_at"] = reported.at
        tx.record(LeadAccepted(lead.lead_id, lead.owner_id, reported.at))
    if lead.state is not State.CONTACTED and Clock.YELLOW not in EFFECTS[reported.contact].stops:
        due = rules.yellow_due(reported.at, policies.response, BusinessCalendar())
        tx.deadlines.start(Clock.YELLOW.value, lead.lead_id, due, policy_version=policies.response_version)
    if lead.first_contact_at is None:
        changes["first_contact_at"] = reported.at
    return changes


def _action(tx: Transaction, lead: Lead, reported: Reported, policies: ClockPolicies) -> dict[str, Any]:
    """Recycling counts from the latest effective action; an older one that is reported late moves nothing."""
    if lead.last_effective_action_at is not None and lead.last_effective_action_at >= reported.at:
        return {}
    due = run_recycle_clock(tx, lead, reported.at, policies.recycle, policies.recycle_version)
    return {"last_effective_action_at": reported.at, "recycle_due_at": due}
