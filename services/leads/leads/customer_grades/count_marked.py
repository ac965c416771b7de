"""How many customers wait to be graded anew, and how long the oldest has: seconds, but in a night's pass (LD2.2)."""

from __future__ import annotations

from prometheus_client import Gauge

from chassis.metrics import metrics
from leads.assignment.assigner import Assigner
from leads.customer_grades import store

_MARKS = Gauge("closeloop_customer_grades_waiting", "Marks of customers to be graded anew", registry=metrics.registry)
_AGE = Gauge(
    "closeloop_customer_grades_age_seconds",
    "Age of the oldest mark of a customer to be graded anew",
    registry=metrics.registry,
)


def show_marked(assigner: Assigner) -> None:
    """On the metrics page of every replica."""
    with assigner.uow.read(assigner.identity) as tx:
        marks, seconds = store.queue(tx)
    _MARKS.set(marks)
    _AGE.set(seconds)
