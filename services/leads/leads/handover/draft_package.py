"""The package: customers, open leads with their clocks, promises outstanding, next steps (LD10.1)."""

from __future__ import annotations

from chassis.deadlines import Deadline, Start
from chassis.unit_of_work import Transaction
from leads.handover import package_store, store
from leads.handover.close_handover import close_empty
from leads.handover.events import HandoverOpened
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import Cause, HandoverClock, HandoverState
from leads.roster import store as roster


def draft_package(tx: Transaction, deadline: Deadline, policy: HandoverPolicy) -> None:
    """The clock's subject is the employee."""
    roster.lock_rep(tx, deadline.subject_id)
    for row in store.unmoved_of(tx, [deadline.subject_id]):
        if row.state != HandoverState.OPENING.value:
            continue
        package_store.draft(tx, row.handover_id, row.employee_id, _until(row.cause, row.opened_at))
        customers, leads, promises = package_store.sizes(tx, row.handover_id)
        if not customers and not leads:
            close_empty(tx, row)
            continue
        due, late = row.opened_at + policy.move_after, row.opened_at + policy.late_after
        store.change(tx, row.handover_id, state=HandoverState.DRAFTED.value, move_due_at=due, deadline_at=late)
        tx.deadlines.start_all(
            [
                Start(HandoverClock.MOVE.value, row.handover_id, due, policy_version=row.policy_version),
                Start(HandoverClock.LATE.value, row.handover_id, late, policy_version=row.policy_version),
            ]
        )
        tx.audit(
            action="handover.open",
            entity="handover",
            entity_id=row.handover_id,
            after={"employee_id": row.employee_id, "cause": row.cause, "customers": customers, "leads": leads},
        )
        tx.record(
            HandoverOpened(
                handover_id=row.handover_id,
                employee_id=row.employee_id,
                name=row.name,
                unit=row.unit,
                manager_id=row.manager_id,
                cause=row.cause,
                customers=customers,
                leads=leads,
                promises=promises,
                move_due_at=due,
                opened_at=row.opened_at,
            )
        )


def _until(cause: str, opened_at: object) -> object:
    """Who only moves works on: leads of the new team are the giver's own."""
    return opened_at if cause == Cause.MOVED.value else None
