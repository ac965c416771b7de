"""Claim what names its contract or comes from a known payer; the rest waits with its reason (N4.1)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from integration.claiming.book import arrived, load_book
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.record import record_claims
from integration.claiming.rules import decide
from integration.receipts import store as receipts
from integration.receivables import store as receivables

AT_ONCE = 1000


def match_waiting(tx: Transaction, policy: ClaimingPolicy) -> int:
    """All waiting receipts, oldest first; how many were claimed."""
    after, claimed = None, 0
    while rows := receipts.waiting(tx, AT_ONCE, after):
        book = load_book(tx, map(arrived, rows), lock=True)
        for row in rows:
            decision = decide(arrived(row), book, policy)
            if decision.parts:
                due = receivables.locked(tx, [part.receivable_id for part in decision.parts])
                record_claims(tx, row, decision.parts, due, method=decision.method, confidence=decision.confidence)
                for part in decision.parts:
                    book.take(part)
                claimed += 1
            if (decision.en, decision.zh) != (row.reason, row.reason_zh):
                receipts.explain(tx, row.id, decision.en, decision.zh)
        after = (rows[-1].booked_on, rows[-1].id)
    return claimed
