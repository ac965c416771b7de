"""Clocks of many leads ran out: a line in each timeline, and an event for each lead that still has its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.lead import store
from leads.lead.events import LeadResponseOverdue
from leads.lead.rules import OWNED, Lead, counts_as
from leads.roster import store as roster
from leads.roster.store import Person

Due = tuple[Deadline, Lead]


@dataclass(frozen=True)
class Line:
    """What the timeline says."""

    kind: str
    text: str
    text_zh: str
    # Whether it names the clock.
    refers: bool = True


def lock_owned(tx: Transaction, due: Sequence[Deadline]) -> list[Due]:
    """The clocks with their leads, locked; those whose lead has no owner any more are left out."""
    leads = store.lock_all(tx, [each.subject_id for each in due])
    return [(each, leads[each.subject_id]) for each in due if leads[each.subject_id].state in OWNED]


def tell_overdue(tx: Transaction, due: Sequence[Due], step: str, line: Line) -> None:
    owners = roster.people(tx, {lead.owner_id for _, lead in due}) if due else {}
    store.notes(tx, [_entry(tx, deadline, line) for deadline, _ in due])
    for deadline, lead in due:
        tx.record(_event(tx, deadline, lead, owners.get(lead.owner_id) or Person(lead.owner_id), step))


def _entry(tx: Transaction, deadline: Deadline, line: Line) -> dict[str, object]:
    reference = deadline.id if line.refers else ""
    return store.entry(
        tx, deadline.subject_id, line.kind, line.text, line.text_zh, reference=reference, at=deadline.due_at
    )


def _event(tx: Transaction, deadline: Deadline, lead: Lead, owner: Person, step: str) -> LeadResponseOverdue:
    return LeadResponseOverdue(
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
