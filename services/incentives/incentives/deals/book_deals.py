"""Judge deals by their rules and book what that changes, on them and on others of their months and budgets.

Cost: the deals looked at are those of the same customers and reps that were signed since, for theirs are the places
in history that may move; and in the months and budgets concerned the awards after the first that changed
(`ledger.limit_rules`). Never all deals of the company. `bench/` has the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from incentives.awards.settle_awards import Judged, settle_awards
from incentives.deals import store
from incentives.deals.entitlements import Entitlements
from incentives.deals.history_store import counted_deals, neighbours
from incentives.deals.write_books import write_books
from incentives.evaluation.evaluator import Evaluator
from incentives.ledger.rules import Post, canonical
from incentives.roster.merge_rules import Merges
from incentives.roster.store import merges_of
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rules import Rule
from incentives.slips.causes import Causes


def book_deals(
    tx: Transaction,
    keys: Collection[str],
    touched: Sequence[Row[Any]],
    rules: Sequence[Rule],
    evaluator: Evaluator,
    policy: BonusPolicy,
    causes: Causes,
) -> list[str]:
    """`touched`: how the deals `keys` were and are; their customers' and reps' later deals move with them.

    Returns the deals on which a rule could not be run.
    """
    # A place depends on the orders signed before alone.
    since = min((row.signed_at for row in touched), default=None)
    wanted = {row.deal_key: row for row in _moved_with(tx, touched, since)} if since is not None else {}
    scope = {*keys, *wanted}
    due = Entitlements(wanted, rules, evaluator, policy, store.splits_of(tx, wanted))
    shares = due.certain(_due(tx, wanted, since, due))
    signed = {key: row.signed_at for key, row in wanted.items()}
    moved = settle_awards(tx, scope, Judged(shares, due.explained(shares), signed, due.unknown), rules)
    write_books(tx, scope | moved, due.unknown, rules, policy, causes)
    for key, row in wanted.items():
        told = [asdict(each) for each in due.reasons(key)]
        if told != row.reasons:
            store.set_reasons(tx, key, told)
    return sorted({key for key, _ in due.failures})


def _due(tx: Transaction, wanted: Mapping[str, Row[Any]], since: datetime | None, due: Entitlements) -> dict[Post, int]:
    if since is None:
        return {}
    customers, reps, merges = _lines(tx, wanted.values())
    around, earlier = neighbours(tx, customers, reps, since, merges)
    return canonical(around, wanted, due, earlier)


def _moved_with(tx: Transaction, touched: Collection[Row[Any]], since: datetime) -> list[Row[Any]]:
    customers, reps, _ = _lines(tx, touched)
    return counted_deals(tx, customers, reps, since)


def _lines(tx: Transaction, deals: Collection[Row[Any]]) -> tuple[set[str], set[str], Merges]:
    """Their customers with all that were ever one with them, and reps."""
    named = {row.customer_id for row in deals}
    merges = merges_of(tx, named)
    return named | merges.customers, {row.salesperson_id for row in deals}, merges
