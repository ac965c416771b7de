"""SQL of tenders and the leads they made."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from leads.tables import tender_lead

t = tender_lead.c


def known(tx: Transaction, tender_id: str) -> tuple[int, str | None]:
    """The version seen last and the tender's lead; 0 for a tender not seen yet. Its events come one after another."""
    row = tx.execute(select(t.version, t.lead_id).where(t.tender_id == tender_id).with_for_update()).one_or_none()
    return (row.version, row.lead_id) if row else (0, None)


def save(tx: Transaction, tender_id: str, version: int, lead_id: str | None, verdict: str) -> None:
    values = {"version": version, "lead_id": lead_id, "verdict": verdict}
    fresh = insert(tender_lead).values(tender_id=tender_id, **values)
    tx.execute(fresh.on_conflict_do_update(index_elements=[t.tender_id], set_=values))
