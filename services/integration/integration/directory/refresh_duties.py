"""Tell on whose duties are others than last told: a new policy gives positions other duties (N3.2)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from integration.directory import store
from integration.directory.publish import publish_again
from integration.duties import store as grants
from integration.duties.policy import DutiesPolicy
from integration.duties.rules import duties_of


def refresh_duties(tx: Transaction, policy: DutiesPolicy) -> int:
    """How many were told on."""
    people = store.everybody(tx)
    granted = grants.held_by(tx, [row.employee_id for row in people])
    changed = [
        row.employee_id
        for row in people
        if duties_of(row.status, row.position, granted.get(row.employee_id, ()), policy) != tuple(row.duties)
    ]
    for employee_id in changed:
        publish_again(tx, employee_id, policy)
    return len(changed)
