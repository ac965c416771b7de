"""Loads what receipts could be for into the book that the rules read.

Only what a receipt points at is loaded, by its remark, its account, its payer and, when nobody knows the payer, its
amount: a test holds that the rules decide as they would over everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rapidfuzz import process
from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming.book_rules import Book
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
# Pointers of a kind that need not be asked for again; beyond them memory would grow with what waits.
MOST_REMEMBERED = 50_000
# Currency and fen.
Amount = tuple[str, int]


class BookReader:
    """Reads a book for one batch of receipts after the other, each receivable once.

    `locked`: behind locks, since something will be claimed from it; then nobody else changes what was read.
    """

    def __init__(self, tx: Transaction, policy: ClaimingPolicy, *, locked: bool) -> None:
        self.book = Book()
        self.rows: Rows = {}
        self._tx, self._policy = tx, policy
        self._read = store.lock_due if locked else store.by_id
        self._asked: defaultdict[str, set[str]] = defaultdict(set)
        self._odd = store.odd_contract_keys(tx)

    def read(self, receipts: Sequence[Arrived]) -> Book:
        """For `decide`: the book with everything that these receipts point at."""
        payers = {payer_key(each.payer_name) for each in receipts} - {""}
        known = _customers_of(self._tx, payers)
        self.book.introduce(known)
        named = self._find(
            contract_keys={key for each in receipts for key in keys_in(each.remark, self._odd)},
            accounts={each.credited_account for each in receipts} - {""},
            customers={code for codes in known.values() for code in codes},
            customer_keys=payers | {name for each in receipts for name in names_in(each.remark)},
        )
        introduced = {"", *named.values()} | (payers & self.book.payers.keys())
        unknown = [each for each in receipts if payer_key(each.payer_name) not in introduced]
        alike, self.book.common = _alike(self._tx, unknown, self._policy)
        self._take_in({*named, *self._find(customer_keys=alike)} - self.rows.keys())
        return self.book

    def _find(self, **pointers: set[str]) -> dict[str, str]:
        """Customer keys by id of what is pointed at, but for what was asked for before."""
        new = {kind: names - self._asked[kind] for kind, names in pointers.items()}
        for kind, names in new.items():
            if len(self._asked[kind]) > MOST_REMEMBERED:
                self._asked[kind].clear()
            self._asked[kind] |= names
        return store.named_by(self._tx, **new)

    def _take_in(self, ids: set[str]) -> None:
        rows = self._read(self._tx, ids)
        self.rows |= rows
        self.book.add(map(due_of, rows.values()))


def load_book(tx: Transaction, receipts: Sequence[Arrived], policy: ClaimingPolicy) -> Book:
    """Everything that these receipts point at, for a look."""
    return BookReader(tx, policy, locked=False).read(receipts)


def _alike(tx: Transaction, receipts: Sequence[Arrived], policy: ClaimingPolicy) -> tuple[set[str], frozenset[Amount]]:
    """Keys of customers with the amount of one of these open and a name at all alike its payer's; and amounts that too
    many have."""
    keys: defaultdict[Amount, set[str]] = defaultdict(set)
    for each in receipts:
        keys[each.currency, each.amount_fen].add(payer_key(each.payer_name))
    ranges = {amount: amount[1] + most_kept(amount[1], policy) for amount in keys}
    near = store.open_between(tx, ranges, policy.fuzzy_candidates + 1)
    common = {amount for amount, found in near.items() if len(found) > policy.fuzzy_candidates}
    alike = {
        customer
        for amount in near.keys() - common
        for customer in near[amount]
        for payer in keys[amount]
        if is_alike(payer, customer)
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
