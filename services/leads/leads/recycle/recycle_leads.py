"""Nothing effective happened in time: warn, then back to the pool (LD6.1). Leads due together go together."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadRecycled
from leads.lead.rules import Changes, Command, Lead, counts_as
from leads.overdue.tell_overdue import Line, lock_owned, tell_overdue
from leads.ownership import store as ownership
from leads.recycle import rules
from leads.recycle.policy import RecyclePolicy
from leads.roster import store as roster
from leads.roster.store import Person

_WARNING = Line("recycle_warning", "Goes back to the pool soon.", "即将回收至公海。", refers=False)


def warn_of_recycling(tx: Transaction, due: Sequence[Deadline]) -> None:
    """Four hours before the leads go, their owners and managers hear of it."""
    tell_overdue(tx, lock_owned(tx, due), "recycle_warning", _WARNING)


def recycle_leads(tx: Transaction, due: Sequence[Deadline], policy: RecyclePolicy) -> None:
    """Back to the pool with a reason to re-screen; counted as a bounce. All clocks of the leads stop."""
    owned = lock_owned(tx, due)
    if not owned:
        return
    leads = [lead for _, lead in owned]
    owners = roster.people(tx, {lead.owner_id for lead in leads})
    tx.deadlines.stop_all(*(lead.lead_id for lead in leads))
    recycled = store.save_all(tx, [(lead, _to_the_pool(tx, lead, policy)) for lead in leads])
    for deadline, before, after in zip([each for each, _ in owned], leads, recycled, strict=True):
        tx.record(_event(deadline, before, after, owners.get(before.owner_id) or Person(before.owner_id)))
    store.notes(
        tx,
        [
            store.entry(tx, after.lead_id, "recycled", after.reason, after.reason_zh, at=deadline.due_at)
            for (deadline, _), after in zip(owned, recycled, strict=True)
        ],
    )
    # The reps' rows last: other leads wait for them.
    ownership.end_all(tx, leads, "recycled")


def _to_the_pool(tx: Transaction, lead: Lead, policy: RecyclePolicy) -> Changes:
    """The unit stays: the team it came from sees it in the pool."""
    reason, reason_zh = rules.reason(lead.yellow, counts_as(lead.grade), policy)
    return {
        "state": lead_rules.after(lead.state, Command.RECYCLE),
        "owner_id": "",
        "yellow": True,
        "reason": reason,
        "reason_zh": reason_zh,
        "bounces": lead.bounces + 1,
        "assigned_at": None,
        "accepted_at": None,
        "recycle_due_at": None,
        "waiting_since": tx.now,
    }


def _event(deadline: Deadline, before: Lead, after: Lead, owner: Person) -> LeadRecycled:
    return LeadRecycled(
        lead_id=before.lead_id,
        company_name=before.company_name,
        previous_owner_id=before.owner_id,
        manager_id=owner.manager_id,
        unit=before.unit,
        reason=after.reason,
        bounces=after.bounces,
        recycled_at=deadline.due_at,
        reason_zh=after.reason_zh,
    )
