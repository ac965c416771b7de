"""SQL of sign-ups and the leads they made."""

from __future__ import annotations

from sqlalchemy import insert, select

from chassis.unit_of_work import Transaction
from leads.tables import sign_up_lead

t = sign_up_lead.c


def lead_of(tx: Transaction, pos_customer_id: str) -> str | None:
    found: str | None = tx.execute(select(t.lead_id).where(t.pos_customer_id == pos_customer_id)).scalar()
    return found


def save(tx: Transaction, pos_customer_id: str, lead_id: str) -> None:
    tx.execute(insert(sign_up_lead).values(pos_customer_id=pos_customer_id, lead_id=lead_id))
