"""Look again at orders of which the ledger says something else than their awards (I2.2, I2.4).

There are none, except while two versions run side by side: the older one books in the ledger alone, and what it books
counts in no cap and no budget. A deal whose rule can't be run now may be among them; it is tried again anyway.
"""

from __future__ import annotations

from datetime import timedelta

from chassis.identity import of_service
from chassis.telemetry import logger
from chassis.unit_of_work import UnitOfWork
from incentives.awards.store import differing_deals
from incentives.deals.settle_deals import look_again

log = logger()
# Longer than any roll-out, and than the pause of a job that failed over a weekend.
LOOKS_BACK = timedelta(days=7)


def check_books(uow: UnitOfWork) -> None:
    """Both are written in one transaction, so one statement sees them fit without the lock of the books."""
    with uow.read(of_service(uow.service)) as tx:
        keys = differing_deals(tx, tx.now - LOOKS_BACK)
    if not keys:
        return
    log.warning("books.differ", deals=len(keys), first=keys[0])
    with uow.begin(of_service(uow.service), source="books.check") as tx:
        look_again(tx, lambda: keys)
        tx.commit()
