"""Loads generated receipt lines into a database through the connector's own path, and says what that took."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from itertools import chain, islice

from chassis.clock import SystemClock
from chassis.config import Settings
from chassis.database import Database
from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from integration.bootstrap import CATALOG
from integration.connectors._pos import PosSettings
from integration.connectors.pos_sales import PosSales
from integration.feeds.rules import Tally
from services.integration.tests.shop import HEADING, many


class Generated:
    """A file of lines that exists nowhere: read from its beginning to its end."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = chain([HEADING], lines)
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        assert offset in (0, self._at)
        return offset

    def readline(self, size: int = -1) -> bytes:
        return self._given(next(self._lines, "").encode())

    def read(self, size: int = -1) -> bytes:
        return self._given("".join(islice(self._lines, max(size // 80, 1))).encode())

    def _given(self, piece: bytes) -> bytes:
        self._at += len(piece)
        return piece


def load(url: str, lines: int) -> tuple[int, int, float, tuple[int, int, int]]:
    """Peak of memory in MB after a small load and after the whole, CPU seconds, and what was counted."""
    uow = UnitOfWork(Database(Settings(database_url=url)), SystemClock(), CATALOG, service="integration")
    _load(uow, 20_000)
    before = _peak()
    started = time.process_time()
    first, again = _load(uow, lines), _load(uow, lines // 10)
    seconds = time.process_time() - started
    counts = (first.records + again.records, first.new + 20_000, first.duplicates + again.duplicates - 20_000)
    return before, _peak(), seconds, counts


def _load(uow: UnitOfWork, lines: int) -> Tally:
    connector, tally = PosSales(PosSettings()), Tally()
    for page in connector.pages_of(Generated(many(lines)), "generated", "", uow.clock.now()):  # type: ignore[arg-type]
        with uow.begin(of_service("integration"), source="load") as tx:
            tally.add(connector.take(tx, page, ""))
            tx.commit()
    return tally


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
