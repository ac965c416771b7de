"""SQL of interactions. What else is known of a customer is read where it stands: enquiries, tenders, the register."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, select, text

from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers.store import PARTS
from leads.interactions.rules import Interaction
from leads.tables import interaction

t = interaction.c
_COLUMNS = [each.name for each in t]
# A call that the telephone feed corrects is told again.
_KEEP = text(
    rows.insertion(interaction, _COLUMNS)
    + f" ON CONFLICT (reference) DO UPDATE SET {rows.replacement(_COLUMNS, 'reference')}"
)
_BEFORE = "at <= CAST(:at AS timestamptz)"
_NEWEST = "ORDER BY at DESC, key DESC LIMIT :most"
_OWN = "key, at, channel, direction, outcome, source, reference, lead_id, by, need, text, text AS text_zh, next_step"
_LISTED = text(f"""
    WITH RECURSIVE theirs AS (
        SELECT lead_id FROM lead WHERE customer_id = {PARTS}
        UNION SELECT lead.lead_id FROM lead JOIN theirs ON lead.merged_into = theirs.lead_id
    ), told AS (
        SELECT 'i:' || reference AS key, * FROM interaction WHERE customer_id = {PARTS} AND {_BEFORE}
    ), of_leads AS (
        SELECT 'i:' || reference AS key, interaction.* FROM interaction JOIN theirs USING (lead_id)
        WHERE customer_id IS NULL AND {_BEFORE}
    ), enquiries AS (
        SELECT 't:' || touch_id AS key, at, 'enquiry' AS channel, 'inbound' AS direction, '' AS outcome,
            'capture' AS source, CAST(touch_id AS text) AS reference, lead_id, actor AS by, need,
            'Came in by ' || channel || '.' AS text, '进线渠道：' || channel || '。' AS text_zh, '' AS next_step,
            '' AS url
        FROM touch JOIN theirs USING (lead_id) WHERE {_BEFORE}
    ), outside AS (
        SELECT 'd:' || lpad(CAST(id AS text), 19, '0') AS key, at, kind AS channel, 'inbound' AS direction,
            '' AS outcome, 'outside' AS source, reference, CAST(NULL AS uuid) AS lead_id, '' AS by, '' AS need,
            text, text_zh, '' AS next_step, url
        FROM customer_dynamic WHERE customer_id = {PARTS} AND {_BEFORE}
    ), found AS (
        (SELECT {_OWN}, '' AS url FROM told WHERE (at, key) < (CAST(:at AS timestamptz), :key) {_NEWEST})
        UNION ALL
        (SELECT {_OWN}, '' AS url FROM of_leads WHERE (at, key) < (CAST(:at AS timestamptz), :key) {_NEWEST})
        UNION ALL (SELECT * FROM enquiries WHERE (at, key) < (CAST(:at AS timestamptz), :key) {_NEWEST})
        UNION ALL (SELECT * FROM outside WHERE (at, key) < (CAST(:at AS timestamptz), :key) {_NEWEST})
    ) SELECT * FROM found {_NEWEST}
""")  # noqa: S608 - fixed pieces


def keep(tx: Transaction, told: Sequence[Interaction]) -> None:
    """One that was told before is as it is told now."""
    newest = {each.reference: asdict(each) | {"source": each.source.value} for each in told}
    if newest:
        tx.execute(_KEEP, {"rows": rows.document(newest.values())})


def listed(tx: Transaction, customer_id: str, page: Page) -> Sequence[Row[Any]]:
    """Newest first; of leads that are the customer's, and of leads merged into them."""
    after: Mapping[str, Any] = page.after or {"at": "infinity", "key": ""}
    asked = {"customer": customer_id, "at": after["at"], "key": after["key"], "most": page.limit}
    return tx.execute(_LISTED, asked).all()


def known(tx: Transaction, references: Collection[str], external_ids: Collection[str]) -> set[str]:
    """Those of both that are held."""
    by_reference = select(t.reference).where(t.reference.in_(set(references)))
    by_other = select(t.external_id).where(t.external_id != "", t.external_id.in_(set(external_ids)))
    return {*tx.execute(by_reference).scalars(), *tx.execute(by_other).scalars()}


def forget_import(tx: Transaction, import_id: str, most: int) -> list[str]:
    """So many that an import brought along are gone; nobody else changes them. Whose each of them was."""
    some = select(t.reference).where(t.import_id == import_id).limit(most)
    gone = delete(interaction).where(t.reference.in_(some))
    return list(tx.execute(gone.returning(t.customer_id)).scalars())
