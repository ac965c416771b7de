"""An account that stays frozen for days is as good as gone: its customers can't wait (LD10.1)."""

from __future__ import annotations

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.handover import store
from leads.handover.begin_handovers import begin
from leads.handover.rules import Cause
from leads.roster import store as roster


def begin_for_frozen(tx: Transaction, deadline: Deadline, policy_version: int) -> None:
    roster.lock_rep(tx, deadline.subject_id)
    known = store.known(tx, [deadline.subject_id]).get(deadline.subject_id)
    if known is None or known.status != "frozen" or not store.owners_of_something(tx, [known.employee_id]):
        return
    begin(tx, known, known, Cause.FROZEN, policy_version)
