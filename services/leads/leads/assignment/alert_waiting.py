"""An A lead that waits for an owner for more than 30 minutes alerts the managers who could help (LD3.8)."""

from __future__ import annotations

from datetime import timedelta

from chassis.unit_of_work import Transaction
from leads.assignment import waiting_store as store
from leads.assignment.assigner import Assigner
from leads.lead.events import LeadWaitsTooLong
from leads.lead.rules import Lead, counts_as


def alert_waiting(assigner: Assigner) -> int:
    """How many alerts were raised; each lead once for each time that it waits."""
    _, policy = assigner.policy()
    with assigner.uow.begin(assigner.identity) as tx:
        overdue = store.overdue_a(tx, tx.now - timedelta(minutes=policy.wait_alert_minutes))
        store.note_told(tx, overdue)
        for lead in overdue:
            tx.record(_alert(tx, lead))
        tx.commit()
    return len(overdue)


def _alert(tx: Transaction, lead: Lead) -> LeadWaitsTooLong:
    since = lead.waiting_since or lead.captured_at
    return LeadWaitsTooLong(
        lead_id=lead.lead_id,
        company_name=lead.company_name,
        grade=counts_as(lead.grade).value,
        city=lead.city,
        state=lead.state.value,
        reason=lead.reason,
        reason_zh=lead.reason_zh,
        since=since,
        minutes=(tx.now - since) // timedelta(minutes=1),
        manager_ids=store.managers_near(tx, lead),
    )
