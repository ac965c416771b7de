"""SQL of leads and customers as leads told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, bindparam, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert

from activity.parties.rules import Lead
from activity.tables import customer, lead
from chassis import rows
from chassis.unit_of_work import Transaction

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ASSIGNED = ("lead_id", "owner_id", "unit", "company_name", "phone", "wecom_external_id", "assigned_at")
_UPSERT_LEAD = text(f"""
    {rows.insertion(lead, _ASSIGNED)}
    ON CONFLICT (lead_id) DO UPDATE SET {rows.replacement(_ASSIGNED, "lead_id")}
    WHERE lead.assigned_at <= excluded.assigned_at
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('contact:' || :contact, 0))")
_LEAD = select(lead).where(lead.c.lead_id == bindparam("id"))
# Whoever has the customer that goes on has what was merged into it (LD1.4); one that nobody named yet is not known.
_CUSTOMER = text("""
    SELECT coalesce(whole.owner_id, named.owner_id) AS owner_id, coalesce(whole.unit, named.unit) AS unit
    FROM customer AS named LEFT JOIN customer AS whole ON whole.customer_id = named.merged_into AND whole.version > 0
    WHERE named.customer_id = :id AND named.version > 0
""")
_ONE = text("""
    WITH whole AS (SELECT coalesce((SELECT merged_into FROM customer WHERE customer_id = :id), :id) AS id)
    SELECT id FROM whole UNION SELECT customer_id FROM customer WHERE merged_into = (SELECT id FROM whole)
""")


def upsert_lead(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The assignment that happened last wins. A customer that is linked already stays."""
    tx.execute(_UPSERT_LEAD, {"rows": rows.document([values])})


def link_customer(tx: Transaction, values: Mapping[str, Any]) -> None:
    """A lead nobody told of yet is kept with what its conversion says; its assignment still overwrites the rest."""
    new = insert(lead).values(**values, phone="", wecom_external_id="", assigned_at=LONG_AGO)
    tx.execute(new.on_conflict_do_update(index_elements=["lead_id"], set_={"customer_id": new.excluded.customer_id}))


def take_owner(tx: Transaction, lead_id: str, at: datetime) -> None:
    """The lead went back to the pool, unless it was assigned anew since."""
    tx.execute(update(lead).where(lead.c.lead_id == lead_id, lead.c.assigned_at <= at).values(owner_id=""))


def lock_contact(tx: Transaction, contact: str) -> None:
    """A phone number or chat id. Who records something about it and who learns whose it is take turns: else both
    could look before the other has written, and the record would belong to nobody for good."""
    tx.execute(_LOCK, {"contact": contact})


def upsert_customers(tx: Transaction, told: Sequence[Mapping[str, Any]]) -> None:
    new = insert(customer)
    columns = {name: new.excluded[name] for name in ("version", "name", "owner_id", "unit")}
    newer = customer.c.version < new.excluded.version
    tx.execute(new.on_conflict_do_update(index_elements=["customer_id"], set_=columns, where=newer), list(told))


def merge_customers(tx: Transaction, told: Sequence[Mapping[str, Any]]) -> None:
    """Customers that were merged, or parted (`merged_into` None); the newest word counts. Records keep the customer
    that they were made with.
    """
    unnamed = {"version": 0, "name": "", "owner_id": "", "unit": ""}
    new = insert(customer)
    columns = {name: new.excluded[name] for name in ("merged_into", "merge_version")}
    newer = customer.c.merge_version < new.excluded.merge_version
    merged = new.on_conflict_do_update(index_elements=["customer_id"], set_=columns, where=newer)
    tx.execute(merged, [unnamed | dict(each) for each in told])


def find_lead(tx: Transaction, lead_id: str) -> Row[Any] | None:
    return tx.execute(_LEAD, {"id": lead_id}).first()


def find_customer(tx: Transaction, customer_id: str) -> Row[Any] | None:
    """Whose it is."""
    return tx.execute(_CUSTOMER, {"id": customer_id}).first()


def leads_by_phone(tx: Transaction, phone: str) -> list[Lead]:
    return _leads(tx, lead.c.phone == phone) if phone else []


def leads_by_chat_id(tx: Transaction, external_id: str) -> list[Lead]:
    return _leads(tx, lead.c.wecom_external_id == external_id) if external_id else []


def about_lead(records: Table, lead_id: str) -> ColumnElement[bool]:
    """Records of this lead; "" means any."""
    return records.c.lead_id == lead_id if lead_id else true()


def about_customer(tx: Transaction, records: Table, customer_id: str) -> ColumnElement[bool]:
    """Records of this customer, also from when it was a lead, and of all that are one with it; "" means any."""
    if not customer_id:
        return true()
    customers = tx.execute(_ONE, {"id": customer_id}).scalars().all()
    leads = tx.execute(select(lead.c.lead_id).where(lead.c.customer_id.in_(customers))).scalars().all()
    own = records.c.customer_id.in_(customers)
    return or_(own, records.c.lead_id.in_(leads)) if leads else own


def _leads(tx: Transaction, condition: ColumnElement[bool]) -> list[Lead]:
    found = tx.execute(select(lead).where(condition))
    return [Lead(row.lead_id, row.owner_id, row.unit, row.customer_id, row.assigned_at) for row in found]
