"""Take a bulk assignment back: leads nobody has touched since stand as they did before (LD7.1).

All leads are locked before the reps, both by id, as everywhere.
"""

from __future__ import annotations

from datetime import timedelta

from chassis.errors import FailedPrecondition
from chassis.unit_of_work import Transaction
from leads.lead import store as leads
from leads.lead.rules import Command, Lead
from leads.lead.snapshot import put_back
from leads.pool import store
from leads.pool.bulk_assign import Handed
from leads.pool.policy import PoolPolicy
from leads.pool.release_lead import into_the_pool
from leads.roster import store as roster

_UNDONE = ("The bulk assignment was undone.", "批量分配已撤销。")
_TOUCHED = ("Somebody has worked on it since.", "分配后已有人处理。")


class BulkAssignUndone(FailedPrecondition):
    en = "This bulk assignment was undone already."
    zh = "该批量分配已撤销。"


class TooLateToUndo(FailedPrecondition):
    en = "A bulk assignment can be undone for {hours} hours."
    zh = "批量分配只能在 {hours} 小时内撤销。"


def undo_bulk_assign(tx: Transaction, batch_id: str, policy: PoolPolicy) -> list[Handed]:
    """What became of each lead. Raises BatchNotFound, BulkAssignUndone, TooLateToUndo."""
    batch, assigned = store.lock_batch(tx, batch_id)
    if batch.undone_at is not None:
        raise BulkAssignUndone
    if tx.now > batch.assigned_at + timedelta(hours=policy.undo_hours):
        raise TooLateToUndo(hours=policy.undo_hours)
    locked = leads.lock_all(tx, [row.lead_id for row in assigned])
    roster.lock_reps(tx, {row.employee_id for row in assigned})
    handed: list[Handed] = []
    for row in assigned:
        lead = locked[row.lead_id]
        untouched = lead.version == row.version and lead.owner_id == row.employee_id
        if untouched:
            _back(tx, lead, row.before)
        handed.append(Handed(row.lead_id, row.employee_id, untouched, ("", "") if untouched else _TOUCHED))
    store.end_batch(tx, batch_id)
    after = {"leads": len(handed), "back": sum(each.done for each in handed)}
    tx.audit(action="pool.undo_bulk_assign", entity="bulk_assignment", entity_id=batch_id, after=after)
    return handed


def _back(tx: Transaction, lead: Lead, before: dict[str, object]) -> None:
    pooled = into_the_pool(tx, lead, Command.RELEASE, *_UNDONE)
    leads.save(tx, pooled, **put_back(before))
    leads.note(tx, lead.lead_id, "released", *_UNDONE)
