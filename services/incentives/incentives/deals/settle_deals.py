"""Bring deals, slips and ledger to what the facts say now. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from chassis.policy import Policies, PolicySpec
from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.book_deals import book_deals
from incentives.deals.rules import SIGNED_IN_FUTURE, DealFacts, combine, context, waits
from incentives.evaluation.evaluator import Evaluator
from incentives.ledger.store import lock_books
from incentives.roster.rules import Employee, version_at
from incentives.roster.store import customer_of_code, customer_versions, employee_versions
from incentives.rule_library.policy import BonusPolicy

SETTLE = "deal.settle"


@dataclass(frozen=True)
class Settlement:
    """What settling needs beside the database."""

    evaluator: Evaluator
    policies: Policies
    spec: PolicySpec[BonusPolicy]

    @property
    def policy(self) -> BonusPolicy:
        return self.policies.current(self.spec)[1]


def settle_deals(tx: Transaction, keys: Collection[str], settlement: Settlement) -> None:
    """A deal that came, changed or moved, and every other whose place in history it moves."""
    if not keys:
        return
    lock_books(tx)
    policy = settlement.policy
    before = store.load_deals(tx, keys)
    for key in sorted(keys):
        _derive(tx, key, before.get(key), policy)
    after = store.load_deals(tx, keys)
    touched = [row for row in (*before.values(), *after.values()) if row.state == store.COUNTED]
    failing = book_deals(tx, keys, touched, settlement.evaluator, policy)
    for key in failing:
        tx.deadlines.start(SETTLE, key, tx.now + timedelta(minutes=policy.retry_minutes))


def look_again(tx: Transaction, find: Callable[[], Collection[str]]) -> None:
    """At those that `find` finds, each in a transaction of its own, at once.

    They are looked for under the lock: a deal that is just being settled without what is told here is among them, and
    one that comes later is settled with it.
    """
    lock_books(tx)
    for key in sorted(find()):
        tx.deadlines.start(SETTLE, key, tx.now)


def _derive(tx: Transaction, key: str, held: Row[Any] | None, policy: BonusPolicy) -> None:
    """The deal as its sources make it, counted or waiting with the reasons."""
    facts = combine(store.sources_of(tx, key))
    if facts is None:
        if held is not None:
            store.save_deal(tx, held._asdict() | {"state": store.EMPTY, "reasons": []})
        return
    customer_id = customer_of_code(tx, facts.customer_code) or facts.customer_id
    at = facts.signed_at or tx.now
    customer = version_at(customer_versions(tx, customer_id), at)
    rep = version_at(employee_versions(tx, facts.salesperson_id), at)
    reasons = waits(facts, customer, rep, tx.now, policy.largest_order_fen)
    ready = not reasons and customer is not None and rep is not None
    values = _values(facts) | {
        "state": store.COUNTED if ready else store.WAITING,
        "customer_id": customer.customer_id if customer else "",
        "context": context(facts, customer, rep) if ready and customer and rep else {},
        **_leaders(tx, rep, at),
        "reasons": [asdict(each) for each in reasons],
        "since": held.since if held else tx.now,
    }
    store.save_deal(tx, values)
    if facts.signed_at is not None and SIGNED_IN_FUTURE in {each.code for each in reasons}:
        tx.deadlines.start(SETTLE, key, facts.signed_at)


def _leaders(tx: Transaction, rep: Employee | None, at: datetime) -> dict[str, Any]:
    """Manager and director as they were at signing, for rules that share with them."""
    named = rep.manager_id if rep else ""
    manager = version_at(employee_versions(tx, named), at) if named else None
    above = manager.manager_id if manager else ""
    director = version_at(employee_versions(tx, above), at) if above else None
    known = {"manager_id": named if manager else "", "director_id": above if director else ""}
    unknown = [each for each, found in ((named, manager), (above, director)) if each and found is None]
    return {**known, "unknown_people": unknown}


def _values(facts: DealFacts) -> dict[str, Any]:
    kept = asdict(facts)
    for name in ("currency", "technical_service", "lines"):
        del kept[name]
    return kept
