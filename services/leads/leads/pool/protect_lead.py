"""A claimed lead goes back to the pool when its protection ends; effective actions move that as usual (LD6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chassis.deadlines import Start
from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import Lead
from leads.recycle.rules import RecycleClock


def protect_lead(tx: Transaction, lead: Lead, due: Mapping[RecycleClock, datetime]) -> Lead:
    """The lead is locked; a clock that runs already starts anew."""
    tx.deadlines.start_all([Start(clock.value, lead.lead_id, at) for clock, at in due.items()])
    return leads.save(tx, lead, recycle_due_at=due[RecycleClock.RETURN])
