"""Start the recycle clock anew: at owner lock and at each effective action (LD6.1)."""

from __future__ import annotations

from datetime import datetime

from chassis.deadlines import Start
from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.lead.rules import Lead, counts_as
from leads.recycle import rules
from leads.recycle.policy import RecyclePolicy
from leads.recycle.rules import RecycleClock

Due = dict[RecycleClock, datetime]


def run_recycle_clock(
    tx: Transaction, lead: Lead, last_action: datetime, policy: RecyclePolicy, version: int
) -> datetime:
    """When the locked lead goes back to the pool; the caller stores it with the lead."""
    due = recycle_due(lead, last_action, policy)
    tx.deadlines.start_all(recycle_starts(lead, due, version))
    return due[RecycleClock.RETURN]


def recycle_due(lead: Lead, last_action: datetime, policy: RecyclePolicy) -> Due:
    return rules.due(last_action, counts_as(lead.grade), policy, BusinessCalendar())


def recycle_starts(lead: Lead, due: Due, version: int) -> list[Start]:
    return [Start(clock.value, lead.lead_id, at, policy_version=version) for clock, at in due.items()]
