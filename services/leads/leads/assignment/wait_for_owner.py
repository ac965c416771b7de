"""A lead that found nobody waits: held while nobody is verified, queued while nobody has room (LD3.8, LD4.2)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.assignment import decision_store
from leads.assignment.decision_store import Decision
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadAssignmentHeld
from leads.lead.rules import WAITING, Command, State, counts_as

REASONS = {
    "unverified": ("No candidate's account could be verified.", "没有任何候选人的账号状态可以确认。"),
    "no_capacity": ("Everybody is full or off shift.", "所有人均已满负荷或不在班。"),
}
_COMMAND = {"unverified": Command.HOLD, "no_capacity": Command.QUEUE}


def wait_for_owner(tx: Transaction, decision: Decision, reason: str) -> None:
    """Told once, not at every further try that ends alike."""
    lead = store.lock(tx, decision.lead_id)
    if lead.state not in WAITING:
        return
    state = lead_rules.after(lead.state, _COMMAND[reason])
    if lead.state is state:
        return
    en, zh = REASONS[reason]
    decision_store.keep(tx, decision)
    since = lead.waiting_since or tx.now
    store.save(tx, lead, state=state, waiting_since=since, reason=en, reason_zh=zh)
    kind = "held" if state is State.HELD else "queued"
    store.note(tx, lead.lead_id, kind, en, zh, reference=decision.decision_id)
    tx.record(
        LeadAssignmentHeld(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            grade=counts_as(lead.grade).value,
            reason=reason,
            unit=lead.unit,
            since=since,
        )
    )
