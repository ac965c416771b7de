"""HR says that somebody left: what was assigned in the gap until we heard of it is taken back (LD4.3).

The event only starts a clock that is due at once. It fires when the roster shows the departure, so that no assignment
can slip in between, and in a transaction of its own, which locks the leads before the rep.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.recall import store
from leads.recall.release_leads import Why, release_leads
from leads.recall.rules import Departure, RecallClock, departed_at

LEFT = Why("the employee has left", "该员工已离职", automatic=True)


def start_recalls(tx: Transaction, departures: Iterable[Departure]) -> None:
    """After the roster was brought up to date, in the same transaction."""
    by_id = {each.employee_id: each for each in sorted(departures, key=lambda each: each.version)}
    for employee_id in sorted(store.departed(tx, {key: each.version for key, each in by_id.items()})):
        since = departed_at(by_id[employee_id])
        tx.deadlines.start(RecallClock.DEPARTED.value, employee_id, tx.now, payload={"since": since.isoformat()})


def recall_departed(tx: Transaction, deadline: Deadline) -> None:
    release_leads(tx, deadline.subject_id, datetime.fromisoformat(deadline.payload["since"]), LEFT)
