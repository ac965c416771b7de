"""SQL of capture: who is known already, and what came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Text, any_, bindparam, literal_column, or_, select, text, update

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.capture.rules import Clean, Known
from leads.lead import store as leads
from leads.lead.rules import OPEN, Lead
from leads.normalise.name_rules import parent_key

t = tables.lead.c
_TOUCH = ("touch_id", "lead_id", "at", "channel", "contact_name", "need", "raw", "actor", "import_id")
_ADD = text(f"""
    WITH leads AS ({rows.insertion(tables.lead, leads.COLUMNS, "leads")}),
        touches AS ({rows.insertion(tables.touch, _TOUCH, "touches")})
    {rows.insertion(tables.timeline, leads.LINE, "lines")}
""")
_LOCK = text("""
    SELECT pg_advisory_xact_lock(k)
    FROM (SELECT DISTINCT hashtextextended(x, 45) AS k FROM unnest(CAST(:keys AS text[])) AS x ORDER BY 1) AS ordered
""")
# Literals, so that every plan may use the indexes of open leads.
_IS_OPEN = t.state.in_([literal_column(f"'{each.value}'") for each in sorted(OPEN)])
_COLUMNS = (t.lead_id, t.company_name, t.name_key, t.phone, t.uscc, t.wecom_external_id, t.last_touch_at)
_KNOWN = select(*_COLUMNS).where(
    _IS_OPEN,
    or_(
        *(
            (column != literal_column("''")) & (column == any_(bindparam(name, type_=ARRAY(Text))))
            for name, column in (("phones", t.phone), ("codes", t.uscc), ("contacts", t.wecom_external_id))
        )
    ),
)
_COUNT_TOUCH = (
    update(tables.lead)
    .where(t.lead_id == bindparam("of_lead"))
    .values(touches=t.touches + bindparam("more"), last_touch_at=bindparam("at"), version=t.version + 1)
)


def lock_keys(tx: Transaction, arrivals: Sequence[Clean]) -> None:
    """Two captures of one phone, code or WeCom contact take turns, so that the second sees the first's lead."""
    keys = sorted({f"{kind}:{value}" for each in arrivals for kind, value in each.keys})
    if keys:
        tx.execute(_LOCK, {"keys": keys})


def known_leads(tx: Transaction, arrivals: Sequence[Clean]) -> list[Known]:
    """Open leads that share a key with one of the arrivals."""
    keys = {
        "phones": sorted({each.phone for each in arrivals if each.phone}),
        "codes": sorted({each.uscc for each in arrivals if each.uscc}),
        "contacts": sorted({each.wecom_external_id for each in arrivals if each.wecom_external_id}),
    }
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
        for row in tx.execute(_KNOWN, keys)
    ]


def add(
    tx: Transaction, new: Iterable[Lead], touches: Iterable[dict[str, Any]], lines: Iterable[dict[str, Any]]
) -> None:
    """New leads, what came in, and the lines of the timelines, in one statement."""
    documents = {
        "leads": rows.document(map(leads.to_row, new)),
        "touches": rows.document(touches),
        "lines": rows.document(lines),
    }
    tx.execute(_ADD, documents)


def count_touch(tx: Transaction, lead_ids: Sequence[str]) -> None:
    """One touch more on each open lead; an id may be there several times."""
    counted = Counter(lead_ids)
    more = [{"of_lead": each, "more": counted[each], "at": tx.now} for each in sorted(counted)]
    if more:
        tx.execute(_COUNT_TOUCH, more)
