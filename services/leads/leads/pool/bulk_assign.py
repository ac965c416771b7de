"""A manager hands out leads of the pool, in turn, each through the same probe (LD7.1, LD4.1).

All leads are locked before the reps, both by id, as everywhere; what can't be given is named and holds up no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from chassis.errors import CloseloopError
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment.assign_by_hand import assign_by_hand
from leads.assignment.assigner import Assigner
from leads.assignment.probe_rules import Checked
from leads.lead import store as leads
from leads.lead.rules import State
from leads.lead.snapshot import standing
from leads.pool import store
from leads.pool.rules import LeadNotInPool
from leads.roster import store as roster
from leads.roster.store import EmployeeNotFound


@dataclass(frozen=True)
class Handed:
    """`why` in English and Chinese when it was not done."""

    lead_id: str
    employee_id: str
    done: bool
    why: tuple[str, str] = ("", "")


def probe_employees(assigner: Assigner, employee_ids: Sequence[str]) -> dict[str, Checked]:
    """Asks the directory for all at once; before the transaction that assigns. Raises EmployeeNotFound."""
    _, policy = assigner.policy()
    versions: dict[str, int] = {}
    with assigner.uow.read(assigner.identity) as tx:
        for each in employee_ids:
            version = roster.version_of(tx, each)
            if version is None:
                raise EmployeeNotFound(employee_id=each)
            versions[each] = version
    return assigner.probe.check(versions, assigner.uow.clock.now(), policy)


def bulk_assign(
    tx: Transaction, assigner: Assigner, lead_ids: Sequence[str], checked: Mapping[str, Checked], reason: str
) -> tuple[str, list[Handed]]:
    """Id of the batch, and what became of each lead. Employees take turns in the given order."""
    before = leads.lock_all(tx, [each for each in sorted(lead_ids) if leads.is_visible(tx, each)])
    for employee_id in sorted(checked):
        roster.lock_rep(tx, employee_id)
    turns = cycle(checked)
    handed: list[Handed] = []
    kept = []
    for lead_id in lead_ids:
        one = _hand(tx, assigner, lead_id, next(turns), checked, reason)
        handed.append(one)
        if one.done:
            row = {"lead_id": lead_id, "employee_id": one.employee_id, "before": standing(before[lead_id])}
            kept.append(row | {"version": before[lead_id].version + 1})
    batch_id = new_id()
    store.add_batch(tx, batch_id, reason, kept)
    after = {"leads": len(lead_ids), "assigned": len(kept)}
    tx.audit(action="pool.bulk_assign", entity="bulk_assignment", entity_id=batch_id, after=after, why=reason)
    return batch_id, handed


def _hand(
    tx: Transaction, assigner: Assigner, lead_id: str, employee_id: str, checked: Mapping[str, Checked], reason: str
) -> Handed:
    try:
        with tx.savepoint():
            if leads.load(tx, lead_id).state is not State.RECYCLED:
                raise LeadNotInPool
            assign_by_hand(tx, assigner, lead_id, employee_id, reason, "", checked[employee_id])
    except CloseloopError as refused:
        return Handed(lead_id, employee_id, done=False, why=(refused.text_en, refused.text_zh))
    return Handed(lead_id, employee_id, done=True)
