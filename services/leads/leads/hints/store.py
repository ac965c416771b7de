"""SQL of hints."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Text, Uuid, any_, bindparam, select, text

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.hints.likeness_rules import Profile
from leads.lead.store import visible

# The latest closed leads: more would not be looked at within the patience of who asks.
MOST = 5000
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STEPS_OF = text("""
    SELECT step.lead_key, step.kind
    FROM lead_step AS step LEFT JOIN closed_lead AS closed ON closed.external_id = step.lead_key
    WHERE step.lead_key = ANY (CAST(:keys AS text[])) AND (step.lead_key = :own OR step.at <= closed.closed_at)
    ORDER BY step.lead_key, step.at
""")
_CLOSED = text(
    f"""
    SELECT closed.external_id, closed.won, closed.closed_at, seen.fields, seen.need, seen.roles
    FROM (
        SELECT * FROM closed_lead WHERE closed_at >= :since AND external_id <> :but ORDER BY closed_at DESC LIMIT {MOST}
    ) AS closed
    CROSS JOIN LATERAL (
        SELECT * FROM lead_fields WHERE lead_key = closed.external_id ORDER BY at DESC LIMIT 1
    ) AS seen
    """  # noqa: S608
)


@dataclass(frozen=True)
class Closed:
    key: str
    won: bool
    closed_at: datetime
    profile: Profile


def closed(tx: Transaction, since: datetime, but: str) -> list[Closed]:
    """With what was known of them at last; without the lead `but`."""
    return [
        Closed(row.external_id, row.won, row.closed_at, profile_of(row.fields, row.need, row.roles))
        for row in tx.execute(_CLOSED, {"since": since, "but": but})
    ]


def profile_of(fields: dict[str, str], need: str, roles: Collection[str]) -> Profile:
    return Profile(
        industry=fields.get("industry", ""),
        size=fields.get("budget", ""),
        region=fields.get("province", ""),
        need=need,
        roles=tuple(roles),
    )


def steps_of(tx: Transaction, own: str, closed: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Lead's key → what was done, oldest first: of closed leads only on the way to their end."""
    keys = [own, *closed]
    found: dict[str, list[str]] = {key: [] for key in keys}
    for row in tx.execute(_STEPS_OF, {"keys": keys, "own": own}):
        found[row.lead_key].append(row.kind)
    return {key: tuple(steps) for key, steps in found.items()}


def names(tx: Transaction, keys: Collection[str]) -> dict[str, str]:
    """Company names of those leads that the caller may see. Keys of other systems name no lead of ours."""
    t = tables.lead.c
    ids = [key for key in keys if _ID.fullmatch(key)]
    query = select(t.lead_id.cast(Text).label("key"), t.company_name).where(
        t.lead_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))), visible(tx.identity)
    )
    return {row.key: row.company_name for row in tx.execute(query, {"ids": ids})}


def latest_lead(tx: Transaction, customer_id: str) -> Row[Any] | None:
    """The customer's newest lead of all teams, for what it wants; nothing of it is shown."""
    t = tables.lead.c
    query = (
        select(tables.lead)
        .where(t.customer_id.in_(customers.parts(customer_id)))
        .order_by(t.captured_at.desc())
        .limit(1)
    )
    return tx.execute(query).one_or_none()
