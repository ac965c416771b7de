"""Nonces are kept as long as their callbacks could be replayed, and a little longer."""

from __future__ import annotations

from datetime import UTC, datetime

from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from integration.callbacks import store
from integration.callbacks.rules import LONGEST_AGE


def tidy(uow: UnitOfWork) -> None:
    with uow.begin(of_service("integration")) as tx:
        # Real time, as the sender's time stamps are.
        store.forget_nonces(tx, datetime.now(UTC) - 3 * LONGEST_AGE)
        tx.commit()
