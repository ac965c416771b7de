"""Handovers whose two hours are over while something has no new owner: the figure must be 0 (LD10.1)."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy import func, select

from chassis.metrics import metrics
from chassis.unit_of_work import Transaction
from leads import tables
from leads.assignment.assigner import Assigner
from leads.handover.rules import HandoverState

h = tables.handover.c
_LATE = Gauge("closeloop_handovers_late", "Handovers not moved whole within their deadline", registry=metrics.registry)


def count_late(tx: Transaction) -> int:
    """Of the whole company."""
    under_way = h.state.in_((HandoverState.DRAFTED.value, HandoverState.MOVING.value))
    return int(tx.execute(select(func.count()).where(under_way, h.deadline_at < tx.now)).scalar_one())


def show_late(assigner: Assigner) -> None:
    """On the metrics page of every replica."""
    with assigner.uow.read(assigner.identity) as tx:
        _LATE.set(count_late(tx))
