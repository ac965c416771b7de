"""Claim what can be told without a person; the rest waits with its reason (N4.1, N4.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.book import BookReader, arrived
from integration.claiming.decision_rules import decide
from integration.claiming.find_refunds import match_refunds
from integration.claiming.match_splits import match_splits
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.record import Claiming, record_claims
from integration.claiming.rules import Decision
from integration.claiming.take_drafts import take_drafts
from integration.receipts import store as receipts
from integration.receipts.books_store import have_books_alone

AT_ONCE = 5000


def match_waiting(tx: Transaction, policy: ClaimingPolicy, at_once: int = AT_ONCE) -> int:
    """All waiting receipts, oldest first, then those that only several explain; how many were claimed.

    Refunds first: what went back is not claimed. Receivables are locked batch by batch, which the books allow.
    `at_once` receipts are read and settled together; it changes nothing in what is claimed.
    """
    have_books_alone(tx)
    receipts.lock_waiting(tx)
    match_refunds(tx, policy)
    reader, taken = BookReader(tx, policy, locked=True), Counter[str]()
    after, claimed = None, 0
    splittable: list[Row[Any]] = []
    while rows := receipts.waiting(tx, at_once, after):
        count, rest = _match(tx, rows, reader, taken, policy)
        claimed += count
        splittable += rest
        after = (rows[-1].booked_on, rows[-1].id)
    return claimed + match_splits(tx, splittable, reader, taken, policy)


def _match(
    tx: Transaction, rows: Sequence[Row[Any]], reader: BookReader, taken: Counter[str], policy: ClaimingPolicy
) -> tuple[int, list[Row[Any]]]:
    """How many were claimed, and those that may be one of several."""
    drafts = take_drafts(tx, rows)
    money = [arrived(row) for row in rows]
    book = reader.read(money)
    decided: list[tuple[Row[Any], Decision]] = []
    for row, receipt in zip(rows, money, strict=True):
        decision = drafts.held.get(row.id) or decide(receipt, book, policy)
        for part in decision.parts:
            book.take(part)
        decided.append((row, decision))
    claimings = [
        Claiming(row, each.parts, each.method, each.confidence, drafts.of.get(row.id), each.en, each.zh)
        for row, each in decided
        if each.parts
    ]
    record_claims(tx, claimings, reader.rows, taken)
    _explain(tx, [(row, each) for row, each in decided if not each.parts])
    return len(claimings), [row for row, each in decided if each.splittable and row.id not in drafts.of]


def _explain(tx: Transaction, waiting: Sequence[tuple[Row[Any], Decision]]) -> None:
    new = [(row.id, each.en, each.zh) for row, each in waiting if (each.en, each.zh) != (row.reason, row.reason_zh)]
    store.explain(tx, new)
