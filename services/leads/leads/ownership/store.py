"""SQL of assignment rows. Every change keeps the rep's load in step, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, update

from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead.rules import Lead, counts_as
from leads.roster import store as roster

t = tables.assignment.c
_END_ALL = (
    update(tables.assignment)
    .where(t.lead_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))), t.ended_at.is_(None))
    .values(ended_at=bindparam("at"), end_kind=bindparam("kind"), recall_id=None)
    .returning(t.lead_id)
)


def end(tx: Transaction, lead: Lead, kind: str, *, recall_id: str | None = None) -> None:
    """The owner of a locked lead has it no longer; `kind`: recycled, converted, disqualified, reassigned, recalled."""
    if not lead.owner_id:
        return
    current = update(tables.assignment).where(t.lead_id == lead.lead_id, t.ended_at.is_(None))
    if tx.execute(current.values(ended_at=tx.now, end_kind=kind, recall_id=recall_id)).rowcount:
        roster.let_go(tx, lead.owner_id, counts_as(lead.grade).value)


def end_all(tx: Transaction, leads: Sequence[Lead], kind: str) -> None:
    """As `end`, for many locked leads at once; the reps' rows are changed in one order."""
    owned = {lead.lead_id: lead for lead in leads if lead.owner_id}
    ended = tx.execute(_END_ALL, {"ids": list(owned), "at": tx.now, "kind": kind}).scalars()
    roster.let_go_all(tx, [(owned[each].owner_id, counts_as(owned[each].grade).value) for each in ended])


def barred_owners(tx: Transaction, lead_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Who let each lead go cold, or had it taken back: they can't get it again automatically (LD6.1, LD4.6)."""
    query = select(t.lead_id, t.employee_id).where(t.lead_id.in_(lead_ids), t.end_kind.in_(("recycled", "recalled")))
    barred: dict[str, set[str]] = defaultdict(set)
    for row in tx.execute(query):
        barred[row.lead_id].add(row.employee_id)
    return {lead_id: frozenset(owners) for lead_id, owners in barred.items()}
