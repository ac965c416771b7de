"""SQL of the statement that an entry from the quarantine belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from chassis.unit_of_work import Transaction
from integration.receipts.place_rules import ROOM
from integration.receipts.rules import Statement
from integration.tables import bank_line, bank_statement

_THERE = bank_statement.c
_LINES = select(func.coalesce(func.sum(bank_line.c.signed_fen), 0)).where(bank_line.c.statement_id == _THERE.id)
_ADDS_UP = _THERE.opening_fen + _LINES.scalar_subquery() == _THERE.closing_fen


@dataclass(frozen=True)
class Home:
    statement_id: str
    statement: Statement


def find_home(tx: Transaction, alone: Statement) -> Home | None:
    """Of an entry's own statement: the first that covers its place, rather one that lacks something.

    The account is locked before.
    """
    numbered = and_(_THERE.first_sequence <= alone.sequence, _THERE.sequence >= alone.sequence)
    by_days = and_(
        _THERE.format == "csv",
        _THERE.sequence // ROOM >= alone.sequence // ROOM,
        _THERE.sequence % ROOM <= alone.sequence % ROOM,
    )
    covers = or_(_THERE.sequence == alone.sequence, numbered, by_days)
    query = select(bank_statement).where(_THERE.account == alone.account, _THERE.format == alone.format, covers)
    row = tx.execute(query.order_by(_ADDS_UP, _THERE.sequence).limit(1)).one_or_none()
    if row is None:
        return None
    return Home(row.id, Statement(**{name: getattr(row, name) for name in Statement.__dataclass_fields__}))
