"""All leads an employee was given since an instant go back to the assignment, in one transaction (LD4.3, LD4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store as leads
from leads.lead.events import LeadRecalled, LeadsRecalled
from leads.lead.rules import Command, Lead, counts_as
from leads.ownership import store as ownership
from leads.recall import store
from leads.roster import store as roster


@dataclass(frozen=True)
class Why:
    """In both languages, for the lead's timeline and for whoever is told."""

    en: str
    zh: str
    automatic: bool


def release_leads(tx: Transaction, employee_id: str, since: datetime, why: Why) -> tuple[str, int]:
    """Id of the recall (empty: an automatic one that found nothing) and how many leads were released.

    Leads are locked before the rep, as everywhere. They are new again: the drain gives each to somebody else.
    """
    held = store.lock_assigned_since(tx, employee_id, since)
    if why.automatic and not held:
        return "", 0
    recall_id = store.open_recall(tx, employee_id, since, why.en, why.zh, automatic=why.automatic)
    for lead in held:
        _release(tx, lead, recall_id, why)
    if held:
        _tell(tx, employee_id, recall_id, len(held), since, why)
    return recall_id, len(held)


def _release(tx: Transaction, lead: Lead, recall_id: str, why: Why) -> None:
    ownership.end(tx, lead, "recalled", recall_id=recall_id)
    tx.deadlines.stop_all(lead.lead_id)
    leads.save(
        tx,
        lead,
        state=lead_rules.after(lead.state, Command.RECALL),
        owner_id="",
        recalls=lead.recalls + 1,
        assigned_at=None,
        accepted_at=None,
        first_contact_at=None,
        last_effective_action_at=None,
        recycle_due_at=None,
        waiting_since=tx.now,
        yellow=False,
        reason=why.en,
        reason_zh=why.zh,
    )
    leads.note(tx, lead.lead_id, "recalled", f"Taken back: {why.en}", f"已召回：{why.zh}", reference=recall_id)
    tx.record(
        LeadRecalled(
            lead_id=lead.lead_id,
            company_name=lead.company_name,
            previous_owner_id=lead.owner_id,
            unit=lead.unit,
            grade=counts_as(lead.grade).value,
            recall_id=recall_id,
            recalled_at=tx.now,
        )
    )


def _tell(tx: Transaction, employee_id: str, recall_id: str, released: int, since: datetime, why: Why) -> None:
    """The rep's row is locked by now: its load changed."""
    person = roster.person(tx, employee_id)
    tx.record(
        LeadsRecalled(
            employee_id=employee_id,
            recall_id=recall_id,
            name=person.name,
            unit=person.unit,
            manager_id=person.manager_id,
            released=released,
            since=since,
            automatic=why.automatic,
            reason=why.en,
            reason_zh=why.zh,
            recalled_at=tx.now,
        )
    )
