"""SQL of history brought along, and of taking it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, exists, select, text, update

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.customers.rules import Customer

_customer, _contact, _kept = tables.customer.c, tables.customer_contact.c, tables.lead_import_kept.c
_filled = tables.customer_filled.c
# Customer → the first thing that somebody or something else has hung on it.
_NOTED = ("import_id", "customer_id", "fields", "version")
_NOTE_FILLED = text(f"""
    {rows.insertion(tables.customer_filled, _NOTED)} ON CONFLICT (import_id, customer_id)
    DO UPDATE SET fields = customer_filled.fields || excluded.fields, version = excluded.version
""")
_TOUCHED = text("""
    SELECT CAST(theirs AS text) AS customer_id, CASE
        WHEN EXISTS (SELECT FROM customer_merge AS t WHERE theirs IN (t.kept_id, t.merged_id)) THEN 'merged'
        WHEN EXISTS (SELECT FROM customer_grade_change AS t WHERE t.customer_id = theirs AND t.kind = 'overridden')
            THEN 'graded'
        WHEN EXISTS (SELECT FROM customer_contact AS t WHERE t.customer_id = theirs
            AND (t.retired_at IS NULL OR t.import_id IS NULL))
          OR EXISTS (SELECT FROM customer_credential AS t WHERE t.customer_id = theirs) THEN 'contacts'
        WHEN EXISTS (SELECT FROM lead AS t WHERE t.customer_id = theirs) THEN 'leads'
        WHEN EXISTS (SELECT FROM interaction AS t WHERE t.customer_id = theirs) THEN 'interactions'
        WHEN EXISTS (SELECT FROM purchase AS t WHERE t.customer_id = theirs)
          OR EXISTS (SELECT FROM service_record AS t WHERE t.customer_id = theirs) THEN 'purchases'
        WHEN EXISTS (SELECT FROM customer_dynamic AS t WHERE t.customer_id = theirs) THEN 'news'
        WHEN EXISTS (SELECT FROM customer AS t WHERE t.parent_customer_id = theirs) THEN 'branches'
    END AS why FROM unnest(CAST(:ids AS uuid[])) AS theirs
""")


def note_filled(tx: Transaction, import_id: str, filled: Sequence[tuple[Customer, Mapping[str, str]]]) -> None:
    """What an import wrote into customers that were known; several chunks may tell of one."""
    noted = [
        {"import_id": import_id, "customer_id": each.customer_id, "fields": dict(fields), "version": each.version}
        for each, fields in filled
    ]
    if noted:
        tx.execute(_NOTE_FILLED, {"rows": rows.document(noted)})


def next_created(tx: Transaction, import_id: str, most: int) -> list[Customer]:
    """Customers of the import that are neither withdrawn nor kept, in order of id."""
    is_kept = exists().where(_kept.import_id == import_id, _kept.lead_id == _customer.customer_id)
    query = select(tables.customer).where(_customer.import_id == import_id, _customer.withdrawn_at.is_(None), ~is_kept)
    return [customers.from_row(row) for row in tx.execute(query.order_by(_customer.customer_id).limit(most))]


def touched(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str]:
    return {row.customer_id: row.why for row in tx.execute(_TOUCHED, {"ids": list(customer_ids)}) if row.why}


def withdraw(tx: Transaction, customer_ids: Collection[str]) -> None:
    gone = update(tables.customer).where(_customer.customer_id.in_(customer_ids))
    tx.execute(gone.values(withdrawn_at=tx.now))


def next_filled(tx: Transaction, import_id: str, most: int) -> Sequence[Row[Any]]:
    query = select(tables.customer_filled).where(_filled.import_id == import_id, _filled.undone_at.is_(None))
    return tx.execute(query.order_by(_filled.customer_id).limit(most)).all()


def has_filled(tx: Transaction, import_id: str) -> bool:
    return bool(next_filled(tx, import_id, 1))


def mark_undone(tx: Transaction, import_id: str, customer_ids: Collection[str]) -> None:
    done = update(tables.customer_filled).where(_filled.import_id == import_id, _filled.customer_id.in_(customer_ids))
    tx.execute(done.values(undone_at=tx.now))


def next_contacts(tx: Transaction, import_id: str, most: int) -> Sequence[Row[Any]]:
    """Contacts of the import that are neither retired nor kept."""
    is_kept = exists().where(_kept.import_id == import_id, _kept.lead_id == _contact.contact_id)
    query = select(_contact.contact_id, _contact.name, _contact.version, _contact.customer_id).where(
        _contact.import_id == import_id, _contact.retired_at.is_(None), ~is_kept
    )
    return tx.execute(query.order_by(_contact.contact_id).limit(most)).all()
