"""Keeps the lease of a run that is busy with its source for long: a large file takes minutes to look through."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from chassis.identity import of_service
from chassis.telemetry import logger
from chassis.unit_of_work import UnitOfWork
from integration.feeds import store
from integration.feeds.errors import LeaseLost

# Real seconds, a third of the lease.
BEAT = 20.0
ME = of_service("integration")
log = logger()


class Heartbeat:
    """While it is open the lease is renewed; a run that lost it learns so at its next page."""

    def __init__(self, uow: UnitOfWork, feed: str, run_id: str) -> None:
        self._uow = uow
        self._feed = feed
        self._run_id = run_id
        self._over = Event()
        self._thread = Thread(target=self._beat, name=f"lease of {feed}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            try:
                with self._uow.begin(ME, source=f"feed {self._feed}") as tx:
                    store.keep_lease(tx, self._feed, self._run_id)
                    tx.commit()
            except LeaseLost:
                return
            except SQLAlchemyError as failure:
                log.warning("feed.lease_not_renewed", feed=self._feed, error=type(failure).__name__)
