"""An opportunity that came from a lead was won or lost, or a lead was disqualified."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from chassis.unit_of_work import Transaction
from leads import tables
from leads.history import store
from leads.history.import_closed_leads import ClosedLead
from leads.lead.rules import Grade


def close_lead(tx: Transaction, lead_id: str, owner_id: str, *, won: bool, at: datetime) -> None:
    """Counts for the rep's conversion from here. An opportunity without a lead, or an unknown lead, counts nowhere."""
    t = tables.lead.c
    found = tx.execute(select(t.grade, t.owner_id).where(t.lead_id == lead_id)).one_or_none() if lead_id else None
    if found is None:
        return
    grade = Grade(found.grade) if found.grade else Grade.C
    store.keep(tx, [ClosedLead(lead_id, owner_id or found.owner_id, grade, won, at)])
