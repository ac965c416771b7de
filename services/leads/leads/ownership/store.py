"""SQL of assignment rows. Every change keeps the rep's load in step, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, any_, bindparam, insert, select, update

from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead.rules import Grade, Lead, counts_as
from leads.roster import store as roster

t = tables.assignment.c
_ROW = ("assignment_id", "lead_id", "employee_id", "unit", "team", "grade", "how", "decision_id", "assigned_at")
_GIVEN = insert(tables.assignment).values({name: bindparam(f"given_{name}", type_=t[name].type) for name in _ROW})
# The row and the rep's load in one statement.
_BEGIN = {
    grade: take_on.add_cte(_GIVEN.returning(t.assignment_id).cte("given")) for grade, take_on in roster.TAKE_ON.items()
}
_END_ALL = (
    update(tables.assignment)
    .where(t.lead_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))), t.ended_at.is_(None))
    .values(ended_at=bindparam("at"), end_kind=bindparam("kind"), recall_id=None)
    .returning(t.lead_id)
)


def begin(
    tx: Transaction, lead: Lead, employee_id: str, unit: str, team: str, *, how: str, decision_id: str | None
) -> None:
    """The lead, locked, belongs to the employee from now. The database refuses a second owner."""
    grade = counts_as(lead.grade)
    assignment = {
        "assignment_id": new_id(),
        "lead_id": lead.lead_id,
        "employee_id": employee_id,
        "unit": unit,
        "team": team,
        "grade": grade.value,
        "how": how,
        "decision_id": decision_id,
        "assigned_at": tx.now,
    }
    today = {"today": local_date(tx.now)} if grade is Grade.A else {}
    given = {f"given_{name}": value for name, value in assignment.items()}
    tx.execute(_BEGIN[grade], given | today | {"of_rep": employee_id, "at": tx.now})


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


def barred_owners(tx: Transaction, lead_id: str) -> frozenset[str]:
    """Who let the lead go cold, or had it taken back: they can't get it again automatically (LD6.1, LD4.6)."""
    query = select(t.employee_id).where(t.lead_id == lead_id, t.end_kind.in_(("recycled", "recalled")))
    return frozenset(tx.execute(query).scalars())
