"""Records in quarantine that will never be read: people give them up, and take that back (N1.2).

They are never deleted. The feed is judged anew in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.unit_of_work import Transaction
from integration.feeds import dismissal_store, store
from integration.feeds.assess import assess
from integration.feeds.connector import Connector, RuleOf
from integration.feeds.dismissal_rules import Actor, Kept, State, Step, dismissing, restoring

# Of a record, in the audit: enough to know it again.
BEGINNING = 200


@dataclass(frozen=True)
class Feeds:
    """By which the feeds are judged anew. What waits of a feed that is no longer there is given up all the same."""

    connectors: Mapping[str, Connector]
    rule_of: RuleOf

    def judge(self, tx: Transaction, names: set[str]) -> None:
        for name in sorted(names & self.connectors.keys()):
            assess(tx, self.connectors[name], self.rule_of(self.connectors[name]))


def dismiss_quarantined(
    tx: Transaction, quarantine_ids: Sequence[str], reason: str, feeds: Feeds
) -> Sequence[Row[Any]]:
    """All or none, as they are then. Raises UnknownQuarantined, NothingToDismiss or DismissalNeedsAnother."""
    actor = Actor(tx.identity.subject, tx.identity.duties)
    return _each(tx, quarantine_ids, reason, feeds, lambda kept: dismissing(kept, actor))


def restore_quarantined(
    tx: Transaction, quarantine_ids: Sequence[str], reason: str, feeds: Feeds
) -> Sequence[Row[Any]]:
    """All or none, as they are then. Raises UnknownQuarantined or NothingToRestore."""
    return _each(tx, quarantine_ids, reason, feeds, restoring)


def _each(
    tx: Transaction, quarantine_ids: Sequence[str], reason: str, feeds: Feeds, decide: Callable[[Kept], Step]
) -> Sequence[Row[Any]]:
    steps: defaultdict[Step, list[Row[Any]]] = defaultdict(list)
    for row in _locked(tx, quarantine_ids):
        steps[decide(Kept(row.id, row.feed, State(row.state), row.asked_by))].append(row)
    steps.pop(Step.NOTHING, None)
    for step, rows in steps.items():
        dismissal_store.move(tx, step, [row.id for row in rows], reason)
        tx.audit_all(_audited(step, row, reason) for row in rows)
    feeds.judge(tx, {row.feed for rows in steps.values() for row in rows})
    return dismissal_store.by_ids(tx, quarantine_ids)


def _locked(tx: Transaction, quarantine_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Their feeds first, in the order of their names, as runs and replays do."""
    names = dismissal_store.feeds_of(tx, quarantine_ids)
    store.announce(tx, names)
    for each in names:
        store.locked(tx, each)
    return dismissal_store.locked(tx, quarantine_ids)


def _audited(step: Step, row: Row[Any], why: str) -> Entry:
    before = {"feed": row.feed, "place": row.place, "reason": row.reason, "raw": row.raw[:BEGINNING]}
    before |= {"state": row.state, "asked_by": row.asked_by, "dismissed_by": row.dismissed_by}
    return Entry(f"quarantine.{step}", "quarantine", row.id, before=before, why=why)
