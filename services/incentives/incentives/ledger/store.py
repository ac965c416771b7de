"""SQL of the ledger. Nothing here changes or deletes an entry, and a trigger holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import WAITING, Award, Balance, Booked, EntryKind, Post, balance
from incentives.tables import ledger_entry


def lock_books(tx: Transaction) -> None:
    """Deals are settled one at a time, and budgets change between them: an order moves the places of others, so their
    locks would form circles."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("incentives:books", 0))))


def booked(tx: Transaction, deal_keys: Collection[str]) -> dict[Post, int]:
    """What orders of these deals have been booked for so far."""
    return _booked(tx, deal_keys, EntryKind.EARN, EntryKind.CLAW_BACK)


def booked_held(tx: Transaction, deal_keys: Collection[str]) -> dict[Post, int]:
    """What of it waits for a budget; in the ledger it is taken off."""
    held = _booked(tx, deal_keys, EntryKind.HOLD, EntryKind.RELEASE)
    return {post: -fen for post, fen in held.items()}


def held_of_appeal(tx: Transaction, slip_id: str) -> int:
    """What of the part that an appeal brought to this slip waits with it."""
    c = ledger_entry.c
    mine = (c.slip_id == slip_id) & c.of_appeal & c.kind.in_([each.value for each in WAITING])
    return -int(tx.execute(select(func.coalesce(func.sum(c.amount_fen), 0)).where(mine)).scalar_one())


def _booked(tx: Transaction, deal_keys: Collection[str], *kinds: EntryKind) -> dict[Post, int]:
    c = ledger_entry.c
    rows = tx.execute(
        select(c.deal_key, c.rule_id, c.employee_id, c.effective_at, func.sum(c.amount_fen).label("fen"))
        .where(c.deal_key.in_(deal_keys), c.kind.in_([each.value for each in kinds]), ~c.of_appeal)
        .group_by(c.deal_key, c.rule_id, c.employee_id, c.effective_at)
    )
    found: dict[Post, int] = defaultdict(int)
    for row in rows:
        found[Post(row.deal_key, Award(row.rule_id, row.employee_id), row.effective_at)] += int(row.fen)
    return dict(found)


def append(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.execute(insert(ledger_entry), list(rows))


def balance_of(tx: Transaction, employee_id: str, at: datetime) -> Balance:
    """Summed by kind in the database, folded by the rule."""
    c = ledger_entry.c
    rows = tx.execute(
        select(c.kind, func.sum(c.amount_fen).label("fen"), func.max(c.effective_at).label("last"))
        .where(c.employee_id == employee_id, c.effective_at <= at)
        .group_by(c.kind)
    )
    return balance([Booked(EntryKind(row.kind), int(row.fen), row.last) for row in rows], at)


def list_entries(tx: Transaction, employee_id: str, page: Page) -> Sequence[Row[Any]]:
    """Newest effect first."""
    key = tuple_(ledger_entry.c.effective_at, ledger_entry.c.entry_id)
    query = (
        select(ledger_entry)
        .where(ledger_entry.c.employee_id == employee_id)
        .order_by(ledger_entry.c.effective_at.desc(), ledger_entry.c.entry_id.desc())
        .limit(page.limit)
    )
    if page.after:
        query = query.where(key < (datetime.fromisoformat(page.after["at"]), page.after["id"]))
    return tx.execute(query).all()
