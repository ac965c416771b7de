"""Look every minute whether a feed has turned late between its runs (N2.1).

A feed whose run is due is left to that run, which judges it whatever its outcome: after a jump in time the two are due
at the same moment, and the run would prove in a second what the watch would complain of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from integration.feeds import store
from integration.feeds.assess import assess
from integration.feeds.connector import Connector, RuleOf


def watch_feeds(uow: UnitOfWork, connectors: Mapping[str, Connector], rule_of: RuleOf, tick: timedelta) -> None:
    """`tick`: how far apart runs are looked for; a run due within it counts as due."""
    with uow.begin(of_service("integration"), source="feeds.watch") as tx:
        for row in store.every(tx):
            connector = connectors.get(row.feed)
            run_is_due = row.next_run_at is not None and row.next_run_at <= tx.now + tick
            if connector is not None and row.first_run_at is not None and not run_is_due:
                assess(tx, connector, rule_of(connector))
        tx.commit()
