"""Judge how far the bank's data are proved complete, account by account (N2.1, N2.2)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.feeds.rules import Hole, Proof
from integration.receipts import chain_store, store
from integration.receipts.rules import Balance, Chain, complete_until, continuity, reached


def prove(tx: Transaction, configured: Sequence[str], apart: Collection[str] = ()) -> Proof:
    """The feed is complete as far as each of its accounts is; it is read again from behind the last proved statement.

    `configured` are the accounts the feed must cover: one that never came proves nothing. Other accounts that sent
    statements are covered too, except those that are another feed's (`apart`).
    """
    rows = {row.account: row for row in store.accounts(tx) if row.account in configured or row.account not in apart}
    holes: list[Hole] = []
    numbers: dict[str, int] = {}
    ends: list[datetime | None] = []
    for account in sorted({*configured, *rows}):
        row = rows.get(account) or store.lock_account(tx, account)
        until, found = _prove(tx, row)
        holes += found
        numbers[account] = _go_on_behind(tx, account)
        ends.append(until)
    proved = None if None in ends else min((at for at in ends if at is not None), default=None)
    return Proof(proved, holes, json.dumps(numbers, sort_keys=True))


def _prove(tx: Transaction, row: Row[Any]) -> tuple[datetime | None, list[Hole]]:
    balance = None if row.balance_fen is None else Balance(row.balance_fen, row.balance_at)
    proved = chain_store.chains(tx, row.account)
    chains = [_chain(tx, row.account, format_, until, balance) for format_, until in proved.items()]
    if not chains:
        chains = [_without_statements(row.account, balance)]
    until, holes = reached(chains, row.complete_until, tx.now)
    store.keep_account(tx, row.account, complete_until=until)
    return until, holes


def _go_on_behind(tx: Transaction, account: str) -> int:
    """Where the source is asked on: behind what is proved in every format that still lacks something."""
    behind: dict[str, int] = {}
    lacking: list[int] = []
    for format_, proved in chain_store.chains(tx, account).items():
        behind[format_] = chain_store.number_of(tx, account, format_, proved)
        if chain_store.holds_beyond(tx, account, format_, proved):
            lacking.append(behind[format_])
    return min(lacking, default=max(behind.values(), default=0))


def _chain(tx: Transaction, account: str, format_: str, proved: int, balance: Balance | None) -> Chain:
    statements = chain_store.booked(tx, account, format_, proved)
    found = continuity(account, statements)
    chain_store.keep_chain(tx, account, format_, max(found.proved_sequence, proved))
    last = statements[-1].until if statements else None
    return Chain(found, complete_until(found, balance, None) if statements else None, last)


def _without_statements(account: str, balance: Balance | None) -> Chain:
    """An empty account is complete when its balance is nothing."""
    found = continuity(account, ())
    return Chain(found, complete_until(found, balance, None), None)
