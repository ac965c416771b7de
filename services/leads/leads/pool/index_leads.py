"""What leads are found by is written after they came in, so that capturing is not held up (LD7.1)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, exists, select, text

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.pool.word_rules import words_of

_lead, _words = tables.lead.c, tables.lead_words.c
_UNINDEXED = (
    select(_lead.lead_id, _lead.company_name, _lead.contact_name, _lead.phone)
    .where(
        _lead.lead_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))),
        ~exists().where(_words.lead_id == _lead.lead_id),
    )
    .order_by(_lead.lead_id)
)
_ADD = text("""
    INSERT INTO lead_words (lead_id, names, sound, initials, phone, pieces)
    SELECT lead_id, names, sound, initials, phone, array_to_tsvector(pieces)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS (lead_id uuid, names text, sound text, initials text, phone text, pieces text[])
    ON CONFLICT DO NOTHING
""")
BATCH = 1000


def index_leads(tx: Transaction, lead_ids: Collection[str]) -> int:
    """How many were not indexed yet. What a lead is found by changes by merges alone."""
    new = []
    for row in tx.execute(_UNINDEXED, {"ids": list(lead_ids)}):
        words = words_of(row.company_name, row.contact_name, row.phone)
        new.append(vars(words) | {"lead_id": row.lead_id, "pieces": words.pieces})
    if new:
        tx.execute(_ADD, {"rows": rows.document(new)})
    return len(new)


def forget_words(tx: Transaction, lead_id: str) -> None:
    tx.execute(delete(tables.lead_words).where(_words.lead_id == lead_id))


def index_missing(tx: Transaction) -> int:
    """A batch of those that came in before there was an index; how many."""
    missing = select(_lead.lead_id).where(~exists().where(_words.lead_id == _lead.lead_id)).limit(BATCH)
    return index_leads(tx, list(tx.execute(missing).scalars()))
