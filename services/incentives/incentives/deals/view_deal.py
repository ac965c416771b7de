"""An order with what each rule comes to on it, for those who may see its people."""

from __future__ import annotations

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
class DealView:
    """Of `items`, only people whom the caller may see."""

    deal: Row[Any]
    split: Row[Any] | None
    outcomes: list[tuple[Row[Any], Item, list[str]]]


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
    shown = [
        (awards[key], item, [person for person in item.people if _visible(tx, person)])
        for key, item in sorted(items.items())
    ]
    return DealView(found, store.load_split(tx, deal_key), shown)


def _visible(tx: Transaction, employee_id: str) -> bool:
    unit = unit_of(tx, employee_id)
    return tx.identity.may_see(employee_id, unit)
