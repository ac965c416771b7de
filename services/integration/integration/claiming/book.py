"""Loads what receipts could be for into the book that the rules read.

Only what a receipt points at is loaded, by its remark, its account and its payer: a test holds that the rules decide as
they would over everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz import process
from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming.rules import Arrived, Book, Due, keys_in
from integration.receivables import store
from integration.receivables.rules import payer_key

# How many of the nearest amounts and of the likest names a person is offered for ranking.
NEAREST = 50
LIKEST = 20


def load_book(tx: Transaction, receipts: Iterable[Arrived], *, lock: bool = False) -> Book:
    """For `decide`: everything that these receipts point at. Locked when something will be claimed from it."""
    seen = list(receipts)
    payers = _customers_of(tx, {payer_key(each.payer_name) for each in seen} - {""})
    odd = store.odd_contract_keys(tx)
    rows = store.named_by(
        tx,
        contract_keys={key for each in seen for key in keys_in(each.remark, odd)},
        accounts={each.credited_account for each in seen} - {""},
        customers={code for codes in payers.values() for code in codes},
        customer_keys={payer_key(each.payer_name) for each in seen} - {""},
    )
    if lock:
        # Read again behind the locks: somebody may have claimed meanwhile.
        rows = list(store.locked(tx, [row.receivable_id for row in rows]).values())
    return _book(rows, payers)


def load_candidates(tx: Transaction, receipt: Arrived) -> Book:
    """For `rank`: also the nearest amounts and the customers whose names are likest the payer's."""
    pointed_at = load_book(tx, [receipt])
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


def _customers_of(tx: Transaction, keys: set[str]) -> dict[str, set[str]]:
    payers: defaultdict[str, set[str]] = defaultdict(set)
    for row in store.customers_of_payers(tx, keys):
        payers[row.payer_key].add(row.customer_code)
    return payers


def _book(rows: Sequence[Row[Any]], payers: dict[str, set[str]]) -> Book:
    contracts: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        contracts[row.contract_key].add(row.contract_number)
        # A customer that pays in its own name needs no introduction.
        payers.setdefault(row.customer_key, set()).add(row.customer_code)
    payers.pop("", None)
    contracts.pop("", None)
    return Book(
        due={row.receivable_id: due_of(row) for row in rows if row.amount_fen > row.claimed_fen},
        payers={key: frozenset(codes) for key, codes in payers.items()},
        contracts={key: frozenset(numbers) for key, numbers in contracts.items()},
        accounts=frozenset(row.virtual_account for row in rows if row.virtual_account),
    )
