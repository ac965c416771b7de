"""A golden clock ran out (LD5.1), or the customer has not replied (LD5.2)."""

from __future__ import annotations

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.lead import store
from leads.lead.events import LeadResponseOverdue
from leads.lead.rules import OWNED, Lead, counts_as
from leads.response_clock.rules import GOLDEN, Clock
from leads.roster import store as roster

_WORDS = {
    "remind": ("Not accepted and no call attempt yet.", "尚未接收，也没有拨打电话。"),
    "popup": ("No message, connected call or visit yet.", "尚未发送消息、接通电话或拜访。"),
    "email": ("The state has not changed since the assignment.", "分配后状态一直未变更。"),
    "yellow": ("No reply of the customer.", "客户尚未回复。"),
}


def fire_golden_clock(tx: Transaction, deadline: Deadline) -> None:
    """Tells whom the step concerns; integration makes the reminder, pop-up or e-mail of it."""
    lead = store.lock(tx, deadline.subject_id)
    if lead.state in OWNED:
        _tell(tx, lead, GOLDEN[Clock(deadline.kind)], deadline)


def mark_yellow(tx: Transaction, deadline: Deadline) -> None:
    lead = store.lock(tx, deadline.subject_id)
    if lead.state not in OWNED:
        return
    store.save(tx, lead, yellow=True, reason=_WORDS["yellow"][0], reason_zh=_WORDS["yellow"][1])
    _tell(tx, lead, "yellow", deadline)


def _tell(tx: Transaction, lead: Lead, step: str, deadline: Deadline) -> None:
    owner = roster.person(tx, lead.owner_id)
    text, text_zh = _WORDS[step]
    store.note(tx, lead.lead_id, _TIMELINE[step], text, text_zh, reference=deadline.id, at=deadline.due_at)
    tx.record(
        LeadResponseOverdue(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            owner_id=lead.owner_id,
            owner_name=owner.name,
            manager_id=owner.manager_id,
            unit=lead.unit,
            grade=counts_as(lead.grade).value,
            step=step,
            due_at=deadline.due_at,
            assigned_at=lead.assigned_at or tx.now,
        )
    )


_TIMELINE = {"remind": "reminded", "popup": "overdue", "email": "overdue", "yellow": "yellow"}
