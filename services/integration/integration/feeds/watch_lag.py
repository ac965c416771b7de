"""The clock of a feed's lag rang: nothing newer was proved in time (N2.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.assess import LAG, assess
from integration.feeds.connector import Connector, RuleOf

GRACE = timedelta(minutes=1)


def lag_watch(connectors: Mapping[str, Connector], rule_of: RuleOf) -> Callable[[Transaction, Deadline], None]:
    """After a jump in time the feed's run is due at the same moment: it gets one minute before an alert goes out."""

    def watch(tx: Transaction, due: Deadline) -> None:
        connector = connectors.get(due.subject_id)
        if connector is None:
            return
        row = store.locked(tx, due.subject_id)
        run_is_due = row.next_run_at is not None and row.next_run_at <= tx.now
        if run_is_due and not due.payload.get("waited"):
            tx.deadlines.start(LAG, due.subject_id, tx.now + GRACE, {"waited": True})
        else:
            assess(tx, due.subject_id, rule_of(connector))

    return watch
