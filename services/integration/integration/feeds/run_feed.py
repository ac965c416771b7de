"""Run a feed: read its source page by page, keep each page with its checkpoint in one transaction (N1.2).

Guarantee: one worker at a time runs a feed; a run that breaks off has kept whole pages only and the next one goes on
behind them; no transaction is open while the source is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.telemetry import logger
from chassis.unit_of_work import Transaction, UnitOfWork
from integration.feeds import store
from integration.feeds.assess import assess
from integration.feeds.connector import AsksAbout, Connector, Page, RuleOf
from integration.feeds.errors import FeedIsRunning, FeedNotConfigured, LeaseLost, SourceFailed, UnknownFeed
from integration.feeds.heartbeat import Heartbeat
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Tally, fingerprint
from integration.feeds.sources import Sources

ME = of_service("integration")
log = logger()


@dataclass
class _Run:
    """What a run learns on its way."""

    id: str
    connector: Connector
    rule: FeedRule
    counts: Tally = field(default_factory=Tally)
    facts: dict[str, Any] = field(default_factory=dict)
    shape: set[str] = field(default_factory=set)

    @property
    def feed(self) -> str:
        return self.connector.feed


class FeedRunner:
    def __init__(self, uow: UnitOfWork, connectors: Mapping[str, Connector], sources: Sources, rule_of: RuleOf) -> None:
        self._uow = uow
        self._connectors = connectors
        self._sources = sources
        self._rule_of = rule_of

    def run(self, feed: str, *, request_key: str | None = None, patience: float = 0) -> str:
        """The run's id. A run that failed is an answer too: its row says why.

        Waits up to `patience` seconds for a run under way. Raises UnknownFeed, FeedNotConfigured, FeedIsRunning.
        """
        connector = self._connectors.get(feed)
        if connector is None:
            raise UnknownFeed(feed=feed)
        if not connector.access.url:
            raise FeedNotConfigured(feed=feed)
        run = _Run(new_id(), connector, self._rule_of(connector))
        checkpoint = self._begin(run, request_key, time.monotonic() + patience)
        if checkpoint is None:
            return run.id
        try:
            with Heartbeat(self._uow, run.feed, run.id):
                self._read(run, checkpoint)
        except SourceFailed as failure:
            self._fail(run, failure.error_class, str(failure))
        except BaseException as failure:
            log.exception("feed.run_broke_off", feed=feed, run=run.id)
            self._fail(run, "internal", type(failure).__name__)
            raise
        return run.id

    def _begin(self, run: _Run, request_key: str | None, until: float) -> str | None:
        """Where to go on; None when the same request had its run already, which `run` then names."""
        while True:
            with self._uow.begin(ME) as tx:
                earlier = store.run_of_request(tx, request_key) if request_key else None
                if earlier is not None:
                    run.id = earlier
                    return None
                checkpoint = self._take_over(tx, run, request_key)
                if checkpoint is not None:
                    return checkpoint
            if time.monotonic() >= until:
                raise FeedIsRunning(feed=run.feed)
            time.sleep(0.05)

    @staticmethod
    def _take_over(tx: Transaction, run: _Run, request_key: str | None) -> str | None:
        """The checkpoint, or None while somebody else runs the feed."""
        store.announce(tx, [run.feed])
        checkpoint = store.take_lease(tx, run.feed, run.id, tx.now + run.rule.cadence)
        if checkpoint is not None:
            store.start_run(tx, run.id, run.feed, checkpoint, request_key)
            tx.commit()
        return checkpoint

    def _read(self, run: _Run, checkpoint: str) -> None:
        source = self._sources.open(run.connector.access, run.rule)
        # What changes at the source while it is read may be missing: complete is what was there at the start.
        run.facts["read_at"] = self._uow.clock.now()
        for page in self._prepared(run.connector).pages(source, checkpoint, run.facts["read_at"]):
            self._take(run, page)
        with self._mine(run) as tx:
            proof = run.connector.finish(tx, run.facts)
            store.keep_proof(tx, run.feed, proof)
            store.change(tx, run.feed, failures=0, error_class="", last_success_at=tx.now)
            self._end(tx, run, outcome="ok")

    def _prepared(self, connector: Connector) -> Connector:
        if not isinstance(connector, AsksAbout):
            return connector
        with self._uow.read(ME) as tx:
            return connector.about(tx)

    def _take(self, run: _Run, page: Page) -> None:
        with self._mine(run) as tx:
            outcome = run.connector.take(tx, page, run.id)
            store.supersede(tx, run.feed, outcome.accepted)
            store.put_aside(tx, run.feed, run.id, outcome.rejections)
            store.move_checkpoint(tx, run.feed, page.checkpoint)
            tx.commit()
        run.counts.add(outcome)
        run.facts.update(page.facts)
        run.shape |= run.connector.shape(page)

    def _fail(self, run: _Run, error_class: str, error: str) -> None:
        try:
            with self._mine(run) as tx:
                row = store.load(tx, run.feed)
                restart = {"checkpoint": ""} if error_class == "gone" else {}
                again = {"next_run_at": min(row.next_run_at, tx.now + run.rule.retry)}
                failed = {"failures": row.failures + 1, "error_class": error_class}
                store.change(tx, run.feed, **failed, **again, **restart)
                self._end(tx, run, outcome="failed", error_class=error_class, error=error)
        except LeaseLost:
            with self._uow.begin(ME) as tx:
                store.end_run(tx, run.id, run.counts, outcome="failed", error_class="internal", error=error)
                tx.commit()

    @contextmanager
    def _mine(self, run: _Run) -> Iterator[Transaction]:
        """A transaction of the worker that holds the feed. Raises LeaseLost."""
        with self._uow.begin(ME, source=f"feed {run.feed}") as tx:
            store.keep_lease(tx, run.feed, run.id)
            yield tx

    def _end(self, tx: Transaction, run: _Run, **result: str) -> None:
        row = store.load(tx, run.feed)
        shape = sorted(run.shape.union(row.shape))
        seen = fingerprint(shape)
        store.end_run(tx, run.id, run.counts, checkpoint_after=row.checkpoint, schema_fingerprint=seen, **result)
        store.change(tx, run.feed, lease=None, lease_until=None, shape=shape, schema_fingerprint=seen)
        assess(tx, run.connector, run.rule)
        tx.commit()
