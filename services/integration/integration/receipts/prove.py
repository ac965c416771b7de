"""Judge how far the bank's data are proved complete, account by account (N2.1, N2.2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.rules import Hole, Proof
from integration.receipts import store
from integration.receipts.rules import Balance, complete_until, continuity


def prove(tx: Transaction, configured: Sequence[str]) -> Proof:
    """The feed is complete as far as each of its accounts is; it is read again from behind the last proved statement.

    `configured` are the accounts the feed must cover: one that never came proves nothing.
    """
    rows = {row.account: row for row in store.accounts(tx)}
    holes: list[Hole] = []
    sequences: dict[str, int] = {}
    reached = []
    for account in sorted({*configured, *rows}):
        row = rows.get(account) or store.lock_account(tx, account)
        found = continuity(account, store.booked(tx, account, row.proved_sequence))
        until = complete_until(found, _balance(row), row.complete_until)
        sequence = max(found.proved_sequence, row.proved_sequence)
        store.keep_account(tx, account, complete_until=until, proved_sequence=sequence)
        holes += found.holes
        sequences[account] = sequence
        reached.append(until)
    proved = None if None in reached else min((at for at in reached if at is not None), default=None)
    return Proof(proved, holes, json.dumps(sequences, sort_keys=True))


def _balance(row: Row[Any]) -> Balance | None:
    return None if row.balance_fen is None else Balance(row.balance_fen, row.balance_at)
