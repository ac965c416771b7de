"""Set many targets of a plan at once."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from targets.plans import store
from targets.plans.create_plan import get_plan
from targets.plans.rules import CheckedRows, Level, NodeRow, PlanChanged, Roster, check_rows, months_between
from targets.roster.store import employee_units

IMPORT_REASON = "import"


def import_nodes(tx: Transaction, plan_id: str, rows: Sequence[NodeRow], reason: str) -> CheckedRows:
    """Rows that are wrong are named, the others go in; a row that says what is there changes nothing."""
    plan = get_plan(tx, plan_id)
    store.lock_plan(tx, plan_id)
    reps = employee_units(tx, [row.subject for row in rows if row.level is Level.REP])
    months = months_between(plan.first_month, plan.last_month)
    checked = check_rows(rows, months, Roster(store.known_units(tx), reps))
    if checked.rows:
        _write(tx, plan_id, checked, reason)
    return checked


def _write(tx: Transaction, plan_id: str, checked: CheckedRows, reason: str) -> None:
    values = [
        {
            "node_id": new_id(),
            "plan_id": plan_id,
            "level": row.level.value,
            "subject": row.subject,
            "unit": unit,
            "month": row.month,
            "target_fen": row.target.fen,
        }
        for row, unit in checked.rows
    ]
    changes = []
    for node, before in store.upsert_nodes(tx, values):
        if before == node.target_fen:
            continue
        changes.append(_change(tx, plan_id, node.node_id, before, node.target_fen, reason))
        held = None if before is None else Money(before)
        tx.record(
            PlanChanged(
                plan_id, node.node_id, node.subject, node.month, tx.identity.subject, held, Money(node.target_fen),
                IMPORT_REASON,
            )
        )  # fmt: skip
    store.insert_changes(tx, changes)
    tx.audit(action="plan.import", entity="plan", entity_id=plan_id, after={"changed": len(changes)}, why=reason)


def _change(
    tx: Transaction, plan_id: str, node_id: str, before: int | None, after: int, note: str
) -> dict[str, object]:
    return {
        "change_id": new_id(),
        "plan_id": plan_id,
        "node_id": node_id,
        "actor": tx.identity.subject,
        "before_fen": before,
        "after_fen": after,
        "reason_code": IMPORT_REASON,
        "note": note,
        "at": tx.now,
    }
