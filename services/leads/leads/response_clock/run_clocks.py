"""From owner lock the golden clock runs (LD5.1), and the one that takes the lead back (LD6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.deadlines import Start
from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.lead.rules import Lead
from leads.recycle.policy import RecyclePolicy
from leads.recycle.rules import RecycleClock
from leads.recycle.run_recycle_clock import recycle_due, recycle_starts
from leads.response_clock import rules
from leads.response_clock.policy import ResponsePolicy


@dataclass(frozen=True)
class ClockPolicies:
    """What clocks are started by, each with its version."""

    response: ResponsePolicy
    response_version: int
    recycle: RecyclePolicy
    recycle_version: int


def run_clocks(tx: Transaction, lead: Lead, policies: ClockPolicies) -> datetime:
    """The lead is locked and was assigned now; clocks of an owner before are replaced.

    When it goes back to the pool; the caller stores it with the lead.
    """
    recycle = recycle_due(lead, tx.now, policies.recycle)
    golden = {clock: rules.golden_due(clock, tx.now, policies.response, BusinessCalendar()) for clock in rules.GOLDEN}
    tx.deadlines.start_all(
        [
            *(
                Start(each.value, lead.lead_id, at, policy_version=policies.response_version)
                for each, at in golden.items()
            ),
            *recycle_starts(lead, recycle, policies.recycle_version),
        ]
    )
    if lead.first_contact_at is not None:
        tx.deadlines.stop(rules.Clock.YELLOW.value, lead.lead_id)
    return recycle[RecycleClock.RETURN]
