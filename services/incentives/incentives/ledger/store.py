"""SQL of the ledger. Nothing here changes or deletes an entry, and a trigger holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, func, or_, select, text, tuple_

from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import WAITING, Award, Balance, Booked, EntryKind, Post, balance
from incentives.tables import ledger_entry

_C = ledger_entry.c
# What orders come to: not the part that an appeal brought.
_EARNED = _C.kind.in_([EntryKind.EARN.value, EntryKind.CLAW_BACK.value])
_WAITS = _C.kind.in_([each.value for each in sorted(WAITING)])
_POST = _C.deal_key, _C.rule_id, _C.employee_id, _C.effective_at
_BOOKED = (
    select(
        *_POST,
        func.coalesce(func.sum(_C.amount_fen).filter(_EARNED), 0).label("earned"),
        func.coalesce(func.sum(_C.amount_fen).filter(_WAITS), 0).label("held"),
    )
    .where(_C.deal_key == any_(bindparam("keys", type_=ARRAY(Text))), or_(_EARNED, _WAITS), ~_C.of_appeal)
    .group_by(*_POST)
)
_APPEND = text(rows.insertion(ledger_entry, [each.name for each in _C]))


def lock_books(tx: Transaction) -> None:
    """Deals are settled one at a time, and budgets change between them: an order moves the places of others, so their
    locks would form circles."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("incentives:books", 0))))


@dataclass(frozen=True)
class BookedPosts:
    """What orders have been booked for so far, and what of it waits for a budget; in the ledger that is taken off."""

    earned: Mapping[Post, int]
    held: Mapping[Post, int]


def booked(tx: Transaction, deal_keys: Collection[str]) -> BookedPosts:
    earned, held = dict[Post, int](), dict[Post, int]()
    for row in tx.execute(_BOOKED, {"keys": list(deal_keys)}):
        post = Post(row.deal_key, Award(row.rule_id, row.employee_id), row.effective_at)
        earned[post], held[post] = int(row.earned), -int(row.held)
    return BookedPosts(earned, held)


def held_of_appeal(tx: Transaction, slip_id: str) -> int:
    """What of the part that an appeal brought to this slip waits with it."""
    c = ledger_entry.c
    mine = (c.slip_id == slip_id) & c.of_appeal & c.kind.in_([each.value for each in WAITING])
    return -int(tx.execute(select(func.coalesce(func.sum(c.amount_fen), 0)).where(mine)).scalar_one())


def append(tx: Transaction, entries: Sequence[Mapping[str, Any]]) -> None:
    if entries:
        tx.execute(_APPEND, {"rows": rows.document({"of_appeal": False, **each} for each in entries)})


def balance_of(tx: Transaction, employee_id: str, at: datetime) -> Balance:
    """Summed by kind in the database, folded by the rule."""
    c = ledger_entry.c
    sums = tx.execute(
        select(c.kind, func.sum(c.amount_fen).label("fen"), func.max(c.effective_at).label("last"))
        .where(c.employee_id == employee_id, c.effective_at <= at)
        .group_by(c.kind)
    )
    return balance([Booked(EntryKind(row.kind), int(row.fen), row.last) for row in sums], at)


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
