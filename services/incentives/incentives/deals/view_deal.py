"""An order with what each rule comes to on it, for those who may see its people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from incentives.awards.rules import Item
from incentives.awards.store import load_awards, load_items
from incentives.deals import store
from incentives.deals.split_rules import DealNotFound
from incentives.roster.store import unit_of
from incentives.slips.store import beneficiaries


@dataclass(frozen=True)
class OutcomeView:
    """`people`: of those whom the rule gives something, whom the caller may see; `hidden`: how many others.

    `is_whole`: also the rule's result for the whole order.
    """

    award: Row[Any]
    item: Item
    people: list[str]
    hidden: int
    is_whole: bool


@dataclass(frozen=True)
class SplitView:
    row: Row[Any]
    people: list[str]
    hidden: int


@dataclass(frozen=True)
class DealView:
    deal: Row[Any]
    split: SplitView | None
    outcomes: list[OutcomeView]


def find_deal(tx: Transaction, deal_key: str) -> Row[Any]:
    """Of somebody whom the caller may see, or one that pays the caller. Raises DealNotFound."""
    found = store.load_deals(tx, [deal_key]).get(deal_key)
    if found is None:
        raise DealNotFound()
    if not _visible(tx, found.salesperson_id) and tx.identity.subject not in beneficiaries(tx, deal_key):
        raise DealNotFound()
    return found


def view_deal(tx: Transaction, deal_key: str) -> DealView:
    """Raises DealNotFound."""
    found, items, awards = find_deal(tx, deal_key), load_items(tx, [deal_key]), load_awards(tx, [deal_key])
    # What an order comes to is its owner's. A co-seller would read the others' pay from it.
    is_whole = _visible(tx, found.salesperson_id)
    outcomes = [
        OutcomeView(awards[key], item, *_seen(tx, item.people), is_whole) for key, item in sorted(items.items())
    ]
    split = store.load_split(tx, deal_key)
    return DealView(found, None if split is None else SplitView(split, *_seen(tx, sorted(split.shares))), outcomes)


def _seen(tx: Transaction, people: Sequence[str]) -> tuple[list[str], int]:
    """Whom the caller may see, and how many are left out."""
    seen = [person for person in people if _visible(tx, person)]
    return seen, len(people) - len(seen)


def _visible(tx: Transaction, employee_id: str) -> bool:
    unit = unit_of(tx, employee_id)
    return tx.identity.may_see(employee_id, unit)
