"""Loads everything open into the book that the rules read."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming.rules import Arrived, Book, Due, contract_keys
from integration.receivables import store as receivables
from integration.receivables.rules import payer_key


def load_book(tx: Transaction) -> Book:
    rows = receivables.open_ones(tx)
    payers: defaultdict[str, set[str]] = defaultdict(set)
    for row in receivables.payers(tx):
        payers[row.payer_key].add(row.customer_code)
    for row in rows:
        # A customer that pays in its own name needs no introduction.
        payers[payer_key(row.customer_name)].add(row.customer_code)
    payers.pop("", None)
    return Book(
        due={row.receivable_id: _due(row) for row in rows},
        payers={key: frozenset(codes) for key, codes in payers.items()},
        contracts=contract_keys(receivables.every_contract(tx)),
        accounts=frozenset(receivables.every_virtual_account(tx)),
    )


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


def _due(row: Row[Any]) -> Due:
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
