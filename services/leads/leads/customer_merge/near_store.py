"""SQL of customers that may be the same: an index selects, near_rules decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, bindparam, text

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customer_merge.near_rules import Known
from leads.customers.store import GOES_ON
from leads.duplicates.near_rules import LONG, Named
from leads.normalise.name_rules import parent_key

_COLUMNS = [each.name for each in tables.customer_known_as.c]
_SHOWN = "c.customer_id, c.city, c.name_key, c.name, c.uscc, c.phone, c.parent_customer_id"
# Never compared, or called, placed or reached otherwise since.
_CHANGED = text(f"""
    SELECT {_SHOWN} FROM customer AS c LEFT JOIN customer_known_as AS n USING (customer_id)
    WHERE c.customer_id = ANY (:ids) AND {GOES_ON}
        AND (n.customer_id IS NULL OR (n.city, n.name_key, n.phone) <> (c.city, c.name_key, c.phone))
""").bindparams(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False))))  # noqa: S608 - fixed pieces
_MISSING = text(f"""
    SELECT CAST(c.customer_id AS text) FROM customer AS c
    WHERE {GOES_ON} AND NOT EXISTS (SELECT FROM customer_known_as AS n WHERE n.customer_id = c.customer_id)
    ORDER BY c.customer_id LIMIT :most
""")  # noqa: S608 - fixed pieces
_KEEP = text(
    rows.insertion(tables.customer_known_as, _COLUMNS)
    + f" ON CONFLICT (customer_id) DO UPDATE SET {rows.replacement(_COLUMNS, 'customer_id')}"
)
# Two that come in at once take turns: whoever is second sees the first.
_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('customer_known_as', 47))")
# Of very many alike some are enough.
_MOST = 100
_CANDIDATES = text(f"""
    SELECT DISTINCT sought.ref, {_SHOWN}
    FROM jsonb_to_recordset(CAST(:sought AS jsonb))
        AS sought (ref text, city text, phone text, length int, forms bigint[]),
    LATERAL (
        (SELECT customer_id FROM customer_known_as WHERE forms && sought.forms LIMIT {_MOST})
        UNION ALL
        (SELECT customer_id FROM customer WHERE phone <> '' AND phone = sought.phone LIMIT {_MOST})
        UNION ALL
        SELECT customer_id FROM customer_known_as AS n
        WHERE sought.length >= {LONG} AND n.length >= {LONG} AND n.city = sought.city
            AND abs(n.length - sought.length) <= 0.08 * (n.length + sought.length)
    ) AS near JOIN customer AS c USING (customer_id)
    WHERE {GOES_ON}
""")  # noqa: S608 - fixed pieces


def take_changed(tx: Transaction, customer_ids: Collection[str]) -> list[Known]:
    """Customers that read otherwise than when they were compared; they count as compared from here on."""
    found = [_known(row) for row in tx.execute(_CHANGED, {"ids": sorted(customer_ids)})]
    if found:
        tx.execute(_TURNS)
        tx.execute(_KEEP, {"rows": rows.document(_kept(each) for each in found)})
    return found


def missing(tx: Transaction, most: int) -> list[str]:
    """Customers that were never compared."""
    return list(tx.execute(_MISSING, {"most": most}).scalars())


def candidates(tx: Transaction, sought: Sequence[Known]) -> dict[str, list[Known]]:
    """Customers that may be the same, by the sought one's id."""
    asked = [
        {
            "ref": each.customer_id,
            "city": each.named.city,
            "phone": each.phone,
            "length": len(each.named.name_key) if each.named.city else 0,
            "forms": each.named.forms,
        }
        for each in sought
    ]
    found: dict[str, list[Known]] = defaultdict(list)
    for row in tx.execute(_CANDIDATES, {"sought": rows.document(asked)}) if asked else ():
        found[row.ref].append(_known(row))
    return found


def _known(row: Row[Any]) -> Known:
    named = Named(str(row.customer_id), row.city, row.name_key, parent_key(row.name), row.uscc)
    return Known(named, row.phone, str(row.parent_customer_id) if row.parent_customer_id else None)


def _kept(each: Known) -> dict[str, Any]:
    named = each.named
    return {
        "customer_id": named.record_id,
        "city": named.city,
        "name_key": named.name_key,
        "phone": each.phone,
        "length": len(named.name_key),
        "forms": named.forms,
    }
