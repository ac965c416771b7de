"""SQL of decisions that come true: whatever their number, one statement writes them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead import store as leads
from leads.lead.rules import Lead

# What an assignment or a wait changes of a lead; both write all of it.
_CHANGED = (
    *("state", "owner_id", "unit", "assigned_at", "accepted_at", "first_contact_at", "last_effective_action_at"),
    *("recycle_due_at", "waiting_since", "yellow", "reason", "reason_zh", "version"),
)
_LEAD = ("lead_id", *_CHANGED)
_DECISION = (
    *("decision_id", "lead_id", "at", "grade", "policy_version", "outcome", "winner_id", "snapshot", "body"),
    *("band", "band_size"),
)
_ASSIGNMENT = ("assignment_id", "lead_id", "employee_id", "unit", "team", "grade", "how", "decision_id", "assigned_at")
_LOAD = ("employee_id", "open_a", "open_b", "open_c", "a_day", "last_assigned_at")

# A document counts as a hundred rows with the planner, who would read the whole table to find that many. So it is told
# which rows: few, by their key.
_SETTLE = text(f"""
    WITH leads AS (
        UPDATE lead SET {", ".join(f'"{each}" = new."{each}"' for each in _CHANGED)}
        FROM ({rows.selection(tables.lead, _LEAD, "leads")}) AS new
        WHERE lead.lead_id = new.lead_id AND lead.lead_id = ANY(CAST(:lead_ids AS uuid[]))
    ), decisions AS (
        {rows.insertion(tables.decision, _DECISION, "decisions")}
    ), assignments AS (
        {rows.insertion(tables.assignment, _ASSIGNMENT, "assignments")}
    ), loads AS (
        UPDATE rep SET open_a = rep.open_a + more.open_a, open_b = rep.open_b + more.open_b,
            open_c = rep.open_c + more.open_c, last_assigned_at = more.last_assigned_at,
            a_day = CASE WHEN more.open_a > 0 THEN more.a_day ELSE rep.a_day END,
            a_taken = CASE WHEN more.open_a = 0 THEN rep.a_taken
                WHEN rep.a_day = more.a_day THEN rep.a_taken + more.open_a ELSE more.open_a END
        FROM ({rows.selection(tables.rep, _LOAD, "loads")}) AS more
        WHERE rep.employee_id = more.employee_id AND rep.employee_id = ANY(CAST(:employee_ids AS text[]))
    )
    {rows.insertion(tables.timeline, leads.LINE, "lines")}
""")  # noqa: S608 - fixed names

Rows = Iterable[Mapping[str, Any]]


def settle(
    tx: Transaction, changed: Iterable[Lead], decisions: Rows, assignments: Rows, loads: Rows, lines: Rows
) -> None:
    """Leads and reps are locked. `loads`: open leads more of each rep, a rep once."""
    kept = [leads.to_row(each) for each in changed]
    more = list(loads)
    documents = {
        "leads": [{name: each[name] for name in _LEAD} for each in kept],
        "decisions": decisions,
        "assignments": assignments,
        "loads": more,
        "lines": lines,
    }
    keys = {
        "lead_ids": [each["lead_id"] for each in kept],
        "employee_ids": [each["employee_id"] for each in more],
    }
    tx.execute(_SETTLE, {name: rows.document(each) for name, each in documents.items()} | keys)
