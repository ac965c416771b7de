"""Claim receipts that pay one receivable together (N4.2). They are locked already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.claiming.book import BookReader, arrived
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.record import Claiming, record_claims
from integration.claiming.rules import SPLIT, Part
from integration.claiming.split_rules import splits


def match_splits(
    tx: Transaction, rows: Sequence[Row[Any]], reader: BookReader, taken: Counter[str], policy: ClaimingPolicy
) -> int:
    """How many receipts were claimed."""
    if len(rows) < 2:
        return 0
    by_id = {row.id: row for row in rows}
    receipts = {row.id: arrived(row) for row in rows}
    book = reader.read(list(receipts.values()))
    claimings = [
        Claiming(by_id[each], [Part(split.receivable_id, receipts[each].amount_fen)], SPLIT, policy.combined_confidence)
        for split in splits(receipts, book, policy)
        for each in split.receipt_ids
    ]
    record_claims(tx, claimings, reader.rows, taken)
    return len(claimings)
