"""How the columns of a source were read the last time: the own way first, then anybody's (LD1.6)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from leads import tables
from leads.imports.row_rules import LEADS, Form

t = tables.import_mapping.c
ANYBODY = ""


def source_of(form: Form, channel: str) -> str:
    """What a mapping is remembered for: leads by their source, history by what it is as well."""
    return channel if form is LEADS else f"{form.kind}:{channel}"


def remember_mapping(tx: Transaction, channel: str, mapping: Mapping[str, str]) -> None:
    """For this person and, for whoever has none of the own, the company. Nothing given changes nothing."""
    if not mapping:
        return
    for person in (tx.identity.subject, ANYBODY):
        values = {"person": person, "channel": channel, "mapping": dict(mapping), "used_at": tx.now}
        fresh = {name: values[name] for name in ("mapping", "used_at")}
        new = insert(tables.import_mapping).values(values)
        tx.execute(new.on_conflict_do_update(index_elements=[t.person, t.channel], set_=fresh))


def remembered_mapping(tx: Transaction, channel: str) -> dict[str, str]:
    """Heading → field; empty when nobody ever imported from the source with a mapping."""
    query = select(t.mapping).where(t.channel == channel, t.person.in_((tx.identity.subject, ANYBODY)))
    own_first = query.order_by(case((t.person == ANYBODY, 1), else_=0)).limit(1)
    return dict(tx.execute(own_first).scalar() or {})
