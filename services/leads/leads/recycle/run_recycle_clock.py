"""Start the recycle clock anew: at owner lock and at each effective action (LD6.1)."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.lead.rules import Lead, counts_as
from leads.recycle import rules
from leads.recycle.policy import RecyclePolicy
from leads.recycle.rules import RecycleClock


def run_recycle_clock(
    tx: Transaction, lead: Lead, last_action: datetime, policy: RecyclePolicy, version: int
) -> datetime:
    """When the locked lead goes back to the pool; the caller stores it with the lead."""
    due = rules.due(last_action, counts_as(lead.grade), policy, BusinessCalendar())
    for clock, at in due.items():
        tx.deadlines.start(clock.value, lead.lead_id, at, policy_version=version)
    return due[RecycleClock.RETURN]
