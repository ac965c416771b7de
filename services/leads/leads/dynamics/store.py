"""SQL of customers' dynamics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customers.store import PARTS
from leads.dynamics.rules import Dynamic, Kind, order_words, ticket_words
from leads.service_track.store import THEIRS
from leads.tables import customer_dynamic

t = customer_dynamic.c
_LISTED = text(f"""
    WITH {THEIRS}, lines AS (
        SELECT 'd:' || lpad(CAST(id AS text), 19, '0') AS key, kind, at, reference, version, text, text_zh, url,
            '' AS state, CAST(NULL AS bigint) AS amount_fen, '' AS currency
        FROM customer_dynamic WHERE customer_id = {PARTS}
        UNION ALL
        SELECT 'o:' || order_number, 'order', CAST(signed_on AS timestamp) AT TIME ZONE 'Asia/Shanghai', order_number,
            version, source, source, '', state, amount_fen, currency
        FROM purchase WHERE customer_id = CAST(:customer AS uuid)
        UNION ALL
        SELECT 's:' || reference || step, 'ticket', step_at, reference, version, title, title, '', step, NULL, ''
        FROM records CROSS JOIN LATERAL
            (VALUES ('reported', at), ('responded', responded_at), ('closed', closed_at)) AS steps (step, step_at)
        WHERE kind = 'service_call' AND step_at IS NOT NULL
    ) SELECT * FROM lines WHERE (at, key) < (CAST(:at AS timestamptz), :key) ORDER BY at DESC, key DESC LIMIT :most
""")  # noqa: S608 - fixed pieces


def add(tx: Transaction, dynamics: Sequence[Dynamic]) -> None:
    if dynamics:
        rows = [asdict(each) | {"kind": each.kind.value} for each in dynamics]
        tx.execute(insert(customer_dynamic).on_conflict_do_nothing(constraint="customer_dynamic_once"), rows)


def listed(tx: Transaction, customer_id: str, page: Page) -> list[tuple[str, Dynamic]]:
    """Newest first, each with its place among those of one instant. Orders and tickets are read where they stand."""
    after: Mapping[str, Any] = page.after or {"at": "infinity", "key": ""}
    asked = {"customer": customer_id, "at": after["at"], "key": after["key"], "most": page.limit}
    return [(row.key, _dynamic(customer_id, row)) for row in tx.execute(_LISTED, asked)]


def _dynamic(customer_id: str, row: Row[Any]) -> Dynamic:
    kind, words = Kind(row.kind), (row.text, row.text_zh)
    if kind is Kind.ORDER:
        amount = Money(row.amount_fen, row.currency)
        words = order_words(row.reference, amount, cancelled=row.state == "cancelled", migrated=row.text == "migrated")
    elif kind is Kind.TICKET:
        words = ticket_words(row.state, row.text)
    return Dynamic(customer_id, kind, row.reference, row.version, row.at, *words, url=row.url)
