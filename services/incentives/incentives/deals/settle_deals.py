"""Bring deals, slips and ledger to what the facts say now. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

from chassis.deadlines import Start
from chassis.policy import Policies, PolicySpec
from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.book_deals import book_deals
from incentives.deals.derive_deals import SETTLE, derive_deals
from incentives.evaluation.evaluator import Evaluator
from incentives.ledger.store import lock_books
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rulebook import Rulebook
from incentives.slips.causes import Causes


@dataclass(frozen=True)
class Settlement:
    """What settling needs beside the database."""

    evaluator: Evaluator
    policies: Policies
    spec: PolicySpec[BonusPolicy]
    rulebook: Rulebook = field(default_factory=Rulebook)

    @property
    def policy(self) -> BonusPolicy:
        return self.policies.current(self.spec)[1]


def settle_deals(tx: Transaction, keys: Collection[str], settlement: Settlement, causes: Causes | None = None) -> None:
    """Deals that came, changed or moved, and every other whose place in history they move."""
    if not keys:
        return
    lock_books(tx)
    policy = settlement.policy
    before = store.load_deals(tx, keys)
    after = derive_deals(tx, keys, before, policy)
    touched = [row for row in (*before.values(), *after.values()) if row.state == store.COUNTED]
    rules = settlement.rulebook.published(tx)
    failing = book_deals(tx, keys, touched, rules, settlement.evaluator, policy, causes or Causes())
    retry_at = tx.now + timedelta(minutes=policy.retry_minutes)
    tx.deadlines.start_all([Start(SETTLE, key, retry_at) for key in failing])


def look_again(tx: Transaction, find: Callable[[], Collection[str]]) -> None:
    """At those that `find` finds, each in a transaction of its own, at once.

    They are looked for under the lock: a deal that is just being settled without what is told here is among them, and
    one that comes later is settled with it.
    """
    lock_books(tx)
    tx.deadlines.start_all([Start(SETTLE, key, tx.now) for key in sorted(find())])
