"""SQL of the service track."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select, text, tuple_

from chassis import rows
from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers.store import PARTS
from leads.service_track.rules import STAGE_OF, Kind, Record, Stage
from leads.tables import lead, service_record

t = service_record.c
_COLUMNS = [each.name for each in t]
_KEEP = text(
    rows.insertion(service_record, _COLUMNS)
    + f" ON CONFLICT (kind, reference) DO UPDATE SET {rows.replacement(_COLUMNS, 'kind', 'reference')}"
    + " WHERE service_record.version < excluded.version"
)
# A customer's records, however they name it; each once.
THEIRS = f"""
    records AS MATERIALIZED (
        SELECT * FROM service_record WHERE customer_id = {PARTS}
        UNION
        SELECT * FROM service_record WHERE customer_code <> ''
            AND customer_code = ANY (ARRAY(SELECT customer_code FROM customer WHERE customer_id = {PARTS}))
        UNION
        SELECT * FROM service_record WHERE order_id <> ''
            AND order_id = ANY (ARRAY(SELECT order_number FROM purchase WHERE customer_id = CAST(:customer AS uuid)))
    )
"""  # noqa: S608 - fixed pieces
_LISTED = text(f"""
    WITH {THEIRS}, steps AS (
        SELECT kind, reference, order_id, title, state, amount_fen, currency, at, ready_on, responded_at, closed_at
        FROM records
        UNION ALL
        SELECT 'order', order_number, order_number, contract_number, state, amount_fen, currency,
            CAST(signed_on AS timestamp) AT TIME ZONE 'Asia/Shanghai', NULL, NULL, NULL
        FROM purchase WHERE customer_id = CAST(:customer AS uuid)
        UNION ALL
        SELECT 'lead', CAST(lead_id AS text), '', company_name, state, budget_fen, budget_currency, captured_at,
            NULL, first_contact_at, NULL
        FROM lead WHERE customer_id = {PARTS} AND state NOT IN ('merged', 'withdrawn')
    ) SELECT * FROM steps
    WHERE kind = ANY(:kinds) AND (at, kind || reference) < (CAST(:at AS timestamptz), :key)
    ORDER BY at DESC, kind || reference DESC LIMIT :most
""")  # noqa: S608 - fixed pieces
_FIGURES = text(f"""
    WITH {THEIRS}
    SELECT count(*) AS calls, count(*) FILTER (WHERE state <> 'closed') AS open_calls,
        CAST(avg(greatest(extract(epoch FROM answer), 0)) FILTER (WHERE answer IS NOT NULL) / 60 AS integer)
            AS response_minutes,
        CAST(avg(greatest(extract(epoch FROM ending), 0)) FILTER (WHERE ending IS NOT NULL) / 60 AS integer)
            AS resolution_minutes
    FROM (SELECT state, responded_at - at AS answer, closed_at - at AS ending FROM records WHERE kind = 'service_call')
        AS calls
""")  # noqa: S608 - fixed pieces


def lock_held(tx: Transaction, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    query = select(service_record).where(tuple_(t.kind, t.reference).in_(sorted(keys)))
    found = tx.execute(query.order_by(t.kind, t.reference).with_for_update())
    return {(row.kind, row.reference): _from_row(row) for row in found}


def keep(tx: Transaction, records: Sequence[Record]) -> None:
    if records:
        tx.execute(_KEEP, {"rows": rows.document(map(_to_row, records))})


def customers_of_leads(tx: Transaction, lead_ids: Collection[str]) -> dict[str, str]:
    """Lead → its customer."""
    query = select(lead.c.lead_id, lead.c.customer_id).where(lead.c.lead_id.in_(sorted(set(lead_ids) - {""})))
    return {row.lead_id: row.customer_id for row in tx.execute(query) if row.customer_id}


def listed(tx: Transaction, customer_id: str, stage: Stage | None, page: Page) -> Sequence[Row[Any]]:
    """Newest first."""
    kinds = [str(kind) for kind, of in STAGE_OF.items() if stage in (None, of)]
    after: Mapping[str, Any] = page.after or {"at": "infinity", "key": ""}
    asked = {"customer": customer_id, "kinds": kinds, "at": after["at"], "key": after["key"], "most": page.limit}
    return tx.execute(_LISTED, asked).all()


def figures(tx: Transaction, customer_id: str) -> Row[Any]:
    """Of service calls: how many, how many open, average minutes to the first answer and to the end."""
    return tx.execute(_FIGURES, {"customer": customer_id}).one()


def _to_row(each: Record) -> dict[str, Any]:
    row = asdict(each) | {"kind": each.kind.value}
    row.pop("amount")
    return row | {
        "amount_fen": each.amount.fen if each.amount else None,
        "currency": each.amount.currency if each.amount else "",
    }


def _from_row(row: Row[Any]) -> Record:
    values = {name: row._mapping[name] for name in Record.__dataclass_fields__ if name not in ("kind", "amount")}
    amount = None if row.amount_fen is None else Money(row.amount_fen, row.currency)
    return Record(kind=Kind(row.kind), amount=amount, **values)
