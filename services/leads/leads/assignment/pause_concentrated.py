"""Stop before one rep gets too large a share of the team's leads (LD4.5).

Whatever made the rep look best, a load that never grows or an account that should be closed, shows in the assignments.
The rep is paused before the lead is locked to it, the manager is told, and others go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment import concentration_store as store
from leads.assignment.concentration_rules import Given, is_concentrated, limit, may_be_concentrated
from leads.assignment.policy import AssignmentPolicy
from leads.lead.events import RepPaused
from leads.lead.rules import Grade


def given_lately(tx: Transaction, reps: Iterable[Row[Any]], policy: AssignmentPolicy) -> dict[str, Given]:
    """What each rep, whose row is locked, and its team were given within the window."""
    since = tx.now - timedelta(minutes=policy.concentration_minutes)
    asked = {rep.employee_id: (rep.team, max(since, rep.counted_from or since)) for rep in reps}
    return store.given(tx, asked) if asked else {}


def pause_concentrated(tx: Transaction, rep: Row[Any], given: Given, grade: Grade, policy: AssignmentPolicy) -> bool:
    """True when the rep, whose row is locked, is paused now and must not get the lead. `given`: with this lead."""
    if not may_be_concentrated(given, policy):
        return False
    eligible = store.eligible(tx, rep.team, grade)
    if not is_concentrated(given, eligible, policy):
        return False
    _pause(tx, rep, given, limit(eligible, policy), policy)
    return True


def _pause(tx: Transaction, rep: Row[Any], given: Given, most: float, policy: AssignmentPolicy) -> None:
    pause_id = new_id()
    row = {
        "pause_id": pause_id,
        "employee_id": rep.employee_id,
        "unit": rep.unit,
        "team": rep.team,
        "paused_at": tx.now,
        "to_rep": given.to_rep,
        "to_team": given.to_team,
        "share": given.share,
        "most": most,
        "window_minutes": policy.concentration_minutes,
    }
    store.pause(tx, row)
    tx.audit(action="rep.pause", entity="rep", entity_id=rep.employee_id, after=row | {"paused_at": str(tx.now)})
    tx.record(
        RepPaused(
            employee_id=rep.employee_id,
            pause_id=pause_id,
            name=rep.name,
            unit=rep.unit,
            team=rep.team,
            manager_id=rep.manager_id,
            to_rep=given.to_rep,
            to_team=given.to_team,
            share=given.share,
            limit=most,
            window_minutes=policy.concentration_minutes,
            paused_at=tx.now,
        )
    )
