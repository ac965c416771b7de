"""From owner lock the golden clock runs (LD5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.lead.rules import Lead
from leads.recycle.policy import RecyclePolicy
from leads.response_clock import rules
from leads.response_clock.policy import ResponsePolicy


@dataclass(frozen=True)
class ClockPolicies:
    """What clocks are started by, each with its version."""

    response: ResponsePolicy
    response_version: int
    recycle: RecyclePolicy
    recycle_version: int


def run_golden_clock(tx: Transaction, lead: Lead, policies: ClockPolicies) -> None:
    """The lead is locked and was assigned now; clocks of an owner before are replaced."""
    for clock in rules.GOLDEN:
        due = rules.golden_due(clock, tx.now, policies.response, BusinessCalendar())
        tx.deadlines.start(clock.value, lead.lead_id, due, policy_version=policies.response_version)
    if lead.first_contact_at is not None:
        tx.deadlines.stop(rules.Clock.YELLOW.value, lead.lead_id)
