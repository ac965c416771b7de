"""SQL of capture: who is known already, and what came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, or_, select, text, update

from chassis.unit_of_work import Transaction
from leads import tables
from leads.capture.rules import Clean, Known
from leads.lead.rules import OPEN
from leads.normalise.name_rules import parent_key

t = tables.lead.c
_LOCK = text("""
    SELECT pg_advisory_xact_lock(k)
    FROM (SELECT DISTINCT hashtextextended(x, 45) AS k FROM unnest(CAST(:keys AS text[])) AS x ORDER BY 1) AS ordered
""")
_OPEN = [each.value for each in OPEN]


def lock_keys(tx: Transaction, arrivals: Sequence[Clean]) -> None:
    """Two captures of one phone, code or WeCom contact take turns, so that the second sees the first's lead."""
    keys = sorted({f"{kind}:{value}" for each in arrivals for kind, value in each.keys})
    if keys:
        tx.execute(_LOCK, {"keys": keys})


def known_leads(tx: Transaction, arrivals: Sequence[Clean]) -> list[Known]:
    """Open leads that share a key with one of the arrivals."""
    phones = {each.phone for each in arrivals if each.phone}
    codes = {each.uscc for each in arrivals if each.uscc}
    contacts = {each.wecom_external_id for each in arrivals if each.wecom_external_id}
    columns = (t.lead_id, t.company_name, t.name_key, t.phone, t.uscc, t.wecom_external_id, t.last_touch_at)
    shared = or_(
        (t.phone != "") & t.phone.in_(phones),
        (t.uscc != "") & t.uscc.in_(codes),
        (t.wecom_external_id != "") & t.wecom_external_id.in_(contacts),
    )
    rows = tx.execute(select(*columns).where(t.state.in_(_OPEN), shared))
    return [
        Known(
            row.lead_id,
            row.name_key,
            parent_key(row.company_name),
            row.phone,
            row.uscc,
            row.wecom_external_id,
            row.last_touch_at,
        )
        for row in rows
    ]


def add_touches(tx: Transaction, touches: Sequence[dict[str, Any]]) -> None:
    if touches:
        tx.execute(insert(tables.touch), touches)


def count_touch(tx: Transaction, lead_ids: Sequence[str]) -> None:
    """One touch more on each open lead; an id may be there several times."""
    counted: dict[str, int] = {}
    for each in lead_ids:
        counted[each] = counted.get(each, 0) + 1
    for lead_id in sorted(counted):
        more = {"touches": t.touches + counted[lead_id], "last_touch_at": tx.now, "version": t.version + 1}
        tx.execute(update(tables.lead).where(t.lead_id == lead_id).values(more))
