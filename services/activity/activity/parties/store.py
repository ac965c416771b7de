"""SQL of leads and customers as leads told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from activity.parties.rules import Lead
from activity.tables import customer, lead
from chassis.unit_of_work import Transaction


def upsert_lead(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The assignment that happened last wins. A customer that is linked already stays."""
    new = insert(lead).values(**values)
    columns = {name: new.excluded[name] for name in values if name != "lead_id"}
    tx.execute(
        new.on_conflict_do_update(
            index_elements=["lead_id"], set_=columns, where=lead.c.assigned_at <= new.excluded.assigned_at
        )
    )


def link_customer(tx: Transaction, lead_id: str, customer_id: str) -> None:
    tx.execute(update(lead).where(lead.c.lead_id == lead_id).values(customer_id=customer_id))


def upsert_customers(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    new = insert(customer)
    columns = {name: new.excluded[name] for name in ("version", "name", "owner_id", "unit")}
    newer = customer.c.version < new.excluded.version
    tx.execute(new.on_conflict_do_update(index_elements=["customer_id"], set_=columns, where=newer), list(rows))


def find_lead(tx: Transaction, lead_id: str) -> Row[Any] | None:
    return tx.execute(select(lead).where(lead.c.lead_id == lead_id)).first()


def find_customer(tx: Transaction, customer_id: str) -> Row[Any] | None:
    return tx.execute(select(customer).where(customer.c.customer_id == customer_id)).first()


def leads_by_phone(tx: Transaction, phone: str) -> list[Lead]:
    return _leads(tx, lead.c.phone == phone) if phone else []


def leads_by_chat_id(tx: Transaction, external_id: str) -> list[Lead]:
    return _leads(tx, lead.c.wecom_external_id == external_id) if external_id else []


def _leads(tx: Transaction, condition: ColumnElement[bool]) -> list[Lead]:
    rows = tx.execute(select(lead).where(condition))
    return [Lead(row.lead_id, row.owner_id, row.unit, row.customer_id, row.assigned_at) for row in rows]
