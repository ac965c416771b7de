"""HR says that somebody leaves, moves, freezes or comes back (LD10.1).

Called where the roster is brought up to date, in that transaction, with the employees' rows locked by it. The package
is drafted a moment later, in a transaction of its own. Start the recalls (LD4.3) before: clocks of one subject that are
due at the same instant fire in the order in which they were started, and what is taken back is not handed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.handover import store
from leads.handover.close_handover import cancel
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import (
    Cause,
    HandoverClock,
    Known,
    begins_to_freeze,
    cause_of,
    has_come_back,
)


def begin_handovers(
    tx: Transaction, before: Mapping[str, Known], employee_ids: Collection[str], policy: tuple[int, HandoverPolicy]
) -> None:
    """`before`: the roster as it was. An older word that came late changed nothing there, and begins nothing here."""
    now = store.known(tx, employee_ids)
    unmoved = {row.employee_id: row for row in store.unmoved_of(tx, now)}
    owners = store.owners_of_something(tx, now)
    for employee_id in sorted(now):
        known, was = now[employee_id], before.get(employee_id)
        if employee_id in unmoved and _undone(tx, unmoved[employee_id], known):
            del unmoved[employee_id]
        _watch_frozen(tx, was, known, policy[1])
        cause = cause_of(was, known)
        if cause and employee_id in owners and employee_id not in unmoved:
            begin(tx, known, was or known, cause, policy[0])


def begin(tx: Transaction, giver: Known, before: Known, cause: Cause, policy_version: int) -> None:
    """Once at a time for an employee."""
    if store.open(tx, new_id(), giver, cause, before, policy_version):
        tx.deadlines.start(HandoverClock.DRAFT.value, giver.employee_id, tx.now)


def begin_again(tx: Transaction, employee_id: str, policy_version: int) -> None:
    """A handover is through: what has come to somebody who is gone since it was drafted goes on as well."""
    known = store.known(tx, [employee_id]).get(employee_id)
    cause = cause_of(None, known) if known else None
    if known and cause and store.owners_of_something(tx, [employee_id]):
        begin(tx, known, known, cause, policy_version)


def _undone(tx: Transaction, row: Row[Any], known: Known) -> bool:
    """Who comes back before anything moved keeps everything; afterwards the handover goes on to its end."""
    back = has_come_back(Cause(row.cause), row.unit, row.manager_id, known)
    if not back or store.counts(tx, row.handover_id).has_moved:
        return False
    cancel(tx, row)
    return True


def _watch_frozen(tx: Transaction, was: Known | None, known: Known, policy: HandoverPolicy) -> None:
    if begins_to_freeze(was, known) and policy.frozen_days:
        tx.deadlines.start(HandoverClock.FROZEN.value, known.employee_id, tx.now + policy.frozen_for)
    elif known.status != "frozen" and was is not None and was.status == "frozen":
        tx.deadlines.stop(HandoverClock.FROZEN.value, known.employee_id)
