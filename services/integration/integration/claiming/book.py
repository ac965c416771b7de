"""Loads what receipts could be for into the book that the rules read.

Only what a receipt points at is loaded, by its remark, its account, its payer and, when nobody knows the payer, its
amount: a test holds that the rules decide as they would over everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import process
from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming.book_rules import Book, book_of
from integration.claiming.fuzzy_rules import is_alike, most_kept
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import keys_in, names_in
from integration.claiming.rules import Arrived, Due
from integration.receivables import store
from integration.receivables.name_rules import payer_key

# How many of the nearest amounts and of the likest names a person is offered for ranking.
NEAREST = 50
LIKEST = 20

Names = dict[str, set[str]]
Rows = dict[str, Row[Any]]
# Currency and fen.
Amount = tuple[str, int]


@dataclass(frozen=True)
class _PointedAt:
    ids: set[str]
    known: Names
    common: frozenset[Amount]

    def book(self, rows: Rows) -> Book:
        return book_of(map(due_of, rows.values()), self.known, self.common)


def load_book(tx: Transaction, receipts: Iterable[Arrived], policy: ClaimingPolicy) -> Book:
    """For `decide`: everything that these receipts point at."""
    found = _pointed_at(tx, list(receipts), policy)
    return found.book(store.by_id(tx, found.ids))


def lock_book(tx: Transaction, receipts: Iterable[Arrived], policy: ClaimingPolicy) -> tuple[Book, Rows]:
    """The same, and the receivables of the book, read behind their locks: something will be claimed from them."""
    found = _pointed_at(tx, list(receipts), policy)
    rows = store.lock_due(tx, found.ids)
    return found.book(rows), rows


def _pointed_at(tx: Transaction, seen: Sequence[Arrived], policy: ClaimingPolicy) -> _PointedAt:
    payers = {payer_key(each.payer_name) for each in seen} - {""}
    known = _customers_of(tx, payers)
    odd = store.odd_contract_keys(tx)
    named = store.named_by(
        tx,
        contract_keys={key for each in seen for key in keys_in(each.remark, odd)},
        accounts={each.credited_account for each in seen} - {""},
        customers={code for codes in known.values() for code in codes},
        customer_keys=payers | {name for each in seen for name in names_in(each.remark)},
    )
    introduced = {"", *known, *named.values()}
    unknown = [each for each in seen if payer_key(each.payer_name) not in introduced]
    alike, common = _alike(tx, unknown, policy)
    return _PointedAt({*named, *alike}, known, common)


def _alike(tx: Transaction, receipts: Sequence[Arrived], policy: ClaimingPolicy) -> tuple[set[str], frozenset[Amount]]:
    """Of the amount of one of these, with a name at all alike its payer's; and amounts that too many have."""
    keys: defaultdict[Amount, set[str]] = defaultdict(set)
    for each in receipts:
        keys[each.currency, each.amount_fen].add(payer_key(each.payer_name))
    ranges = {amount: amount[1] + most_kept(amount[1], policy) for amount in keys}
    near = store.open_between(tx, ranges, policy.fuzzy_candidates + 1)
    common = {amount for amount, found in near.items() if len(found) > policy.fuzzy_candidates}
    alike = {
        id_
        for amount in near.keys() - common
        for id_, customer in near[amount]
        if any(is_alike(payer, customer) for payer in keys[amount])
    }
    return alike, frozenset(common)


def load_candidates(tx: Transaction, receipt: Arrived, policy: ClaimingPolicy) -> Book:
    """For `rank`: also the nearest amounts and the customers whose names are likest the payer's."""
    pointed_at = load_book(tx, [receipt], policy)
    names = store.customers_with_open(tx)
    likest = process.extract(payer_key(receipt.payer_name), names.keys(), limit=LIKEST)
    codes = [names[name] for name, _, _ in likest]
    more = [*store.with_open_amount_near(tx, receipt.amount_fen, NEAREST), *store.open_of_customers(tx, codes)]
    pointed_at.add(due_of(row) for row in more)
    return pointed_at


def arrived(row: Row[Any]) -> Arrived:
    """What is left to claim of a bank entry."""
    return Arrived(
        amount_fen=row.amount_fen - row.claimed_fen,
        currency=row.currency,
        booked_on=row.booked_on,
        payer_name=row.payer_name,
        credited_account=row.credited_account,
        remark=row.remark,
        reversal=row.reversal,
    )


def due_of(row: Row[Any]) -> Due:
    return Due(
        receivable_id=row.receivable_id,
        contract_number=row.contract_number,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        open_fen=row.amount_fen - row.claimed_fen,
        currency=row.currency,
        due_on=row.due_on,
        virtual_account=row.virtual_account,
    )


def _customers_of(tx: Transaction, keys: set[str]) -> Names:
    payers: defaultdict[str, set[str]] = defaultdict(set)
    for row in store.customers_of_payers(tx, keys):
        payers[row.payer_key].add(row.customer_code)
    return payers
