"""Judge deals by their rules and book what that changes, on them and on others of their months and budgets.

Cost: the deals looked at are those of the same customers and reps that were signed since, for theirs are the places
in history that may move; and in the months and budgets concerned the awards after the first that changed
(`ledger.limit_rules`). Never all deals of the company. `bench/` has the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from incentives.awards.settle_awards import Judged, settle_awards
from incentives.deals import store
from incentives.deals.entitlements import Entitlements
from incentives.deals.write_books import write_books
from incentives.evaluation.evaluator import Evaluator
from incentives.ledger.rules import canonical
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.store import published


def book_deals(
    tx: Transaction, keys: Collection[str], touched: Sequence[Row[Any]], evaluator: Evaluator, policy: BonusPolicy
) -> list[str]:
    """`touched`: how the deals `keys` were and are; their customers' and reps' later deals move with them.

    Returns the deals on which a rule could not be run.
    """
    customers, reps = {row.customer_id for row in touched}, {row.salesperson_id for row in touched}
    # A place depends on the orders signed before alone.
    since = min((row.signed_at for row in touched), default=None)
    found = store.counted_deals(tx, customers, reps, since) if since is not None else []
    wanted = {row.deal_key: row for row in found}
    around = store.neighbours(
        tx, {row.customer_id for row in wanted.values()}, {row.salesperson_id for row in wanted.values()}
    )
    rules, scope = published(tx), {*keys, *wanted}
    due = Entitlements(wanted, rules, evaluator, policy, store.splits_of(tx, wanted))
    shares = due.certain(canonical(around, wanted, due))
    signed = {key: row.signed_at for key, row in wanted.items()}
    moved = settle_awards(tx, scope, Judged(shares, due.explained(shares), signed, due.unknown), rules)
    write_books(tx, scope | moved, due.unknown, rules, policy)
    for key, row in wanted.items():
        told = [asdict(each) for each in due.reasons(key)]
        if told != row.reasons:
            store.set_reasons(tx, key, told)
    return sorted({key for key, _ in due.failures})
