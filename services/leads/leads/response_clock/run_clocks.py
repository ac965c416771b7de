"""From owner lock the golden clock runs (LD5.1), and the one that takes the lead back (LD6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.deadlines import Start
from chassis.kernel.calendar import BusinessCalendar
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


def clocks_of(lead: Lead, assigned_at: datetime, policies: ClockPolicies) -> tuple[list[Start], datetime]:
    """The clocks of a lead assigned just now, to be started with it: those of an owner before are replaced.

    And when it goes back to the pool; the caller stores it with the lead.
    """
    recycle = recycle_due(lead, assigned_at, policies.recycle)
    golden = {
        clock: rules.golden_due(clock, assigned_at, policies.response, BusinessCalendar()) for clock in rules.GOLDEN
    }
    starts = [
        *(Start(each.value, lead.lead_id, at, policy_version=policies.response_version) for each, at in golden.items()),
        *recycle_starts(lead, recycle, policies.recycle_version),
    ]
    return starts, recycle[RecycleClock.RETURN]
