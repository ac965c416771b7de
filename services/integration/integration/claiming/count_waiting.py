"""How many receipts no order owns yet, for the metrics page."""

from __future__ import annotations

from prometheus_client import Gauge
from sqlalchemy import func, select

from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.unit_of_work import UnitOfWork
from integration.tables import bank_entry

_WAITING = Gauge(
    "closeloop_receipts_waiting", "Receipts that are not or only partly claimed", ["state"], registry=metrics.registry
)
_STATES = ("waiting", "partly_claimed")


def count_waiting(uow: UnitOfWork) -> None:
    """Of the whole company."""
    query = (
        select(bank_entry.c.state, func.count().label("receipts"))
        .where(bank_entry.c.state.in_(_STATES))
        .group_by(bank_entry.c.state)
    )
    with uow.read(of_service("integration")) as tx:
        counted: dict[str, int] = {row.state: row.receipts for row in tx.execute(query)}
    for state in _STATES:
        _WAITING.labels(state).set(counted.get(state, 0))
