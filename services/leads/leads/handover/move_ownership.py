"""Ownership moves by the system, in batches, each at once or not at all (LD10.1).

Locks: leads by id, reps by id (the giver's too), customers by id, handovers by id. Whatever is no longer the giver's
when its turn comes is dropped from the handover with the reason; whoever found nobody is held and tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Row

from chassis import telemetry
from chassis.kernel.calendar import BusinessCalendar
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.handover import store
from leads.handover.at_work import at_work
from leads.handover.batch import Batch
from leads.handover.begin_handovers import begin_again
from leads.handover.choose_takers import Chosen, Package, choose_takers, read_package, with_given
from leads.handover.close_handover import close_empty, close_when_settled
from leads.handover.events import HandoverMoved
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import HandoverClock, HandoverState, ItemState
from leads.lead import store as leads
from leads.roster import store as roster

BATCH = 100
log = telemetry.logger()


def move_handovers(assigner: Assigner) -> int:
    """One pass; how many items found their new owner. A handover that fails holds up no other."""
    policy = assigner.policies.current("handover")[1]
    moved = 0
    for row in at_work(assigner, HandoverState.MOVING):
        try:
            moved += _move(assigner, row, policy)
        except Exception:
            log.exception("handover.move_failed", handover_id=row.handover_id)
    return moved


def _move(assigner: Assigner, row: Row[Any], policy: HandoverPolicy) -> int:
    package = read_package(assigner, row)
    moved, heads = 0, iter(package.heads)
    while batch := list(islice(heads, BATCH)):
        chosen = choose_takers(assigner, with_given(assigner, package), batch, policy)
        moved += _move_batch(assigner, package, batch, chosen, policy)
    if not package.heads:
        moved += _move_batch(assigner, package, [], Chosen(), policy)
    return moved


def _move_batch(
    assigner: Assigner, package: Package, heads: Sequence[Row[Any]], chosen: Chosen, policy: HandoverPolicy
) -> int:
    items = [*heads, *(each for head in heads for each in package.followers.get(head.item_id, ()))]
    with assigner.uow.begin(assigner.identity) as tx:
        batch = _lock(tx, assigner, package, items, chosen, policy)
        if batch.row.state != HandoverState.MOVING.value:
            return 0
        for head in heads:
            batch.settle(head, package.followers.get(head.item_id, ()), chosen)
        moved = batch.save()
        _pass_on(tx, batch)
        _finish(tx, batch.row, moved, policy)
        begin_again(tx, batch.row.employee_id, batch.row.policy_version)
        tx.commit()
    return moved


def _lock(
    tx: Transaction,
    assigner: Assigner,
    package: Package,
    items: Sequence[Row[Any]],
    chosen: Chosen,
    policy: HandoverPolicy,
) -> Batch:
    giver, own = package.row.employee_id, package.row.handover_id
    held = leads.lock_all(tx, [each.subject_id for each in items if each.kind == "lead"])
    reps = roster.lock_reps(tx, {giver, *(each.choice.employee_id for each in chosen.takers.values())})
    firms = store.lock_customers(tx, [each.subject_id for each in items if each.kind == "customer"])
    elsewhere = store.unchecked_elsewhere(tx, own, giver, [each.subject_id for each in items])
    heads = store.lock_all(tx, {own, *(each.handover_id for each in elsewhere)})
    now = {each.item_id: each for each in store.items(tx, own, [each.item_id for each in items])}
    return Batch(tx, assigner, policy, heads[own], held, reps, firms, now, heads, elsewhere)


def _pass_on(tx: Transaction, batch: Batch) -> None:
    """What the giver had taken over and not checked off is settled there: whoever has it now checks it off here."""
    gone = [each for each in batch.elsewhere if (each.kind, each.subject_id) in batch.moved_subjects]
    en, zh = f"Passed on by handover {batch.row.handover_id}.", f"已随交接单 {batch.row.handover_id} 转交。"
    passed = {"state": ItemState.PASSED_ON.value, "reason": en, "reason_zh": zh}
    store.save_items(tx, [{"item_id": each.item_id, **passed} for each in gone])
    for handover_id in sorted({each.handover_id for each in gone}):
        close_when_settled(tx, batch.handovers[handover_id])


def _finish(tx: Transaction, row: Row[Any], moved: int, policy: HandoverPolicy) -> None:
    counted = store.counts(tx, row.handover_id)
    if counted.waiting:
        return
    if counted.held:
        if moved:
            _tell(tx, row, counted)
    elif counted.has_moved:
        _end_the_move(tx, row, counted, policy)
    else:
        close_empty(tx, row)


def _end_the_move(tx: Transaction, row: Row[Any], counted: store.Counts, policy: HandoverPolicy) -> None:
    """What moved may be checked off already, when the last that was held is dropped."""
    values = {"state": HandoverState.MOVED.value, "moved_at": tx.now, "loss_until": tx.now + policy.watched_for}
    store.change(tx, row.handover_id, **values)
    tx.deadlines.stop(HandoverClock.LATE.value, row.handover_id)
    _tell(tx, row, counted)
    if not close_when_settled(tx, store.lock(tx, row.handover_id)):
        remind = BusinessCalendar().add_wall_time_on_workdays(tx.now, policy.remind_after)
        tx.deadlines.start(HandoverClock.REMIND.value, row.handover_id, remind)


def _tell(tx: Transaction, row: Row[Any], counted: store.Counts) -> None:
    tx.record(
        HandoverMoved(
            handover_id=row.handover_id,
            employee_id=row.employee_id,
            name=row.name,
            unit=row.unit,
            manager_id=row.manager_id,
            taker_ids=store.takers(tx, row.handover_id),
            moved=counted.moved,
            held=counted.held,
            moved_at=tx.now,
        )
    )
