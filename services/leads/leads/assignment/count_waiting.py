"""How many leads wait for an owner, and how many for too long: the late figures must be 0 (LD3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import Gauge

from chassis.metrics import metrics
from chassis.unit_of_work import Transaction
from leads.assignment import waiting_store as store
from leads.assignment.assigner import Assigner
from leads.assignment.policy import AssignmentPolicy
from leads.lead.rules import Grade

_WAITING = Gauge("closeloop_leads_waiting", "Leads without an owner", ["grade"], registry=metrics.registry)
_A_OVERDUE = Gauge(
    "closeloop_leads_a_waiting_overdue",
    "A leads waiting for more than 30 minutes",
    registry=metrics.registry,
)
_OVERDUE = Gauge(
    "closeloop_leads_unassigned_overdue",
    "Leads unassigned for more than 48 hours",
    registry=metrics.registry,
)


@dataclass(frozen=True)
class Waiting:
    by_grade: dict[Grade, int]
    a_overdue: int
    unassigned_overdue: int
    oldest: datetime | None


def count_waiting(tx: Transaction, policy: AssignmentPolicy) -> Waiting:
    """Of the whole company."""
    a_before = tx.now - timedelta(minutes=policy.wait_alert_minutes)
    rows = store.figures(tx, a_before, tx.now - timedelta(hours=policy.unassigned_hours))
    counted = {Grade(row.grade): int(row.waiting) for row in rows}
    return Waiting(
        by_grade={grade: counted.get(grade, 0) for grade in Grade},
        a_overdue=sum(row.a_overdue for row in rows),
        unassigned_overdue=sum(row.unassigned_overdue for row in rows),
        oldest=min((row.oldest for row in rows), default=None),
    )


def show_waiting(assigner: Assigner) -> None:
    """On the metrics page: figures of the whole company."""
    _, policy = assigner.policy()
    with assigner.uow.read(assigner.identity) as tx:
        waiting = count_waiting(tx, policy)
    for grade, count in waiting.by_grade.items():
        _WAITING.labels(grade.value).set(count)
    _A_OVERDUE.set(waiting.a_overdue)
    _OVERDUE.set(waiting.unassigned_overdue)
