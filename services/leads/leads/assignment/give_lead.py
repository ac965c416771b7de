"""The owner lock: a lead gets its owner, its clocks and its event in one transaction."""

from __future__ import annotations

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadAssigned
from leads.lead.rules import Command, Lead, counts_as
from leads.ownership import store as ownership
from leads.response_clock.run_clocks import ClockPolicies, run_clocks

_WORDS = {
    "automatic": ("Assigned automatically to {name}.", "已自动分配给{name}。"),
    "manual": ("Assigned by hand to {name}: {reason}", "已人工分配给{name}：{reason}"),
    "customer_owner": ("Goes to {name}, who owns the customer.", "客户归属{name}，线索归其所有。"),
    "bounced": ("Came back too often, goes to the manager {name}.", "多次回收，转交经理{name}处理。"),
}


def give_lead(
    tx: Transaction,
    lead: Lead,
    rep: Row[tuple[object, ...]],
    clocks: ClockPolicies,
    *,
    how: str,
    decision_id: str,
    reason: str = "",
) -> Lead:
    """Lead and rep are locked, in this order; the account was probed before. Raises IllegalCommand."""
    state = lead_rules.after(lead.state, Command.ASSIGN)
    ownership.end(tx, lead, "reassigned")
    ownership.begin(tx, lead, rep.employee_id, rep.unit, rep.team, how=how, decision_id=decision_id)
    due = run_clocks(tx, lead, clocks)
    given = store.save(
        tx,
        lead,
        state=state,
        owner_id=rep.employee_id,
        unit=rep.unit,
        assigned_at=tx.now,
        accepted_at=None,
        first_contact_at=None,
        last_effective_action_at=None,
        recycle_due_at=due,
        waiting_since=None,
        yellow=False,
        reason="",
        reason_zh="",
    )
    en, zh = (text.format(name=rep.name, reason=reason) for text in _WORDS[how])
    store.note(tx, lead.lead_id, "assigned", en, zh, reference=decision_id)
    tx.record(
        LeadAssigned(
            lead_id=lead.lead_id,
            owner_id=rep.employee_id,
            owner_name=rep.name,
            unit=rep.unit,
            manager_id=rep.manager_id,
            company_name=lead.company_name,
            grade=counts_as(lead.grade).value,
            decision_id=decision_id,
            how=how,
            phone=lead.phone,
            wecom_external_id=lead.wecom_external_id,
            assigned_at=tx.now,
        )
    )
    return given
