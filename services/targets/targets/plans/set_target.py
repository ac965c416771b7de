"""Change one target, with its reason."""

from __future__ import annotations

from dataclasses import asdict, replace

from chassis.errors import EtagMismatch
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from targets.plans import store
from targets.plans.rules import PlanChanged, PlanNode, TargetNotFound, check_currency, check_reason


def set_target(
    tx: Transaction, *, plan_id: str, node_id: str, etag: str, target: Money, reason_code: str, note: str
) -> PlanNode:
    """Raises TargetNotFound, EtagMismatch, UnknownReason, CurrencyNotPlanned. The same figure again changes nothing."""
    check_reason(reason_code)
    check_currency(target)
    node = store.lock_node(tx, plan_id, node_id)
    if node is None:
        raise TargetNotFound()
    if etag and etag != str(node.version):
        raise EtagMismatch()
    if target == node.target:
        return node
    store.set_target(tx, node_id, target.fen)
    changed = replace(node, target=target, version=node.version + 1)
    store.insert_changes(
        tx,
        [
            {
                "change_id": new_id(),
                "plan_id": plan_id,
                "node_id": node_id,
                "actor": tx.identity.subject,
                "before_fen": node.target.fen,
                "after_fen": target.fen,
                "reason_code": reason_code,
                "note": note,
                "at": tx.now,
            }
        ],
    )
    actor = tx.identity.subject
    tx.record(PlanChanged(plan_id, node_id, node.subject, node.month, actor, node.target, target, reason_code))
    tx.audit(
        action="target.set", entity="plan_node", entity_id=node_id, before=asdict(node), after=asdict(changed),
        why=f"{reason_code} {note}".strip(),
    )  # fmt: skip
    return changed
