"""SQL of entries that a person made, and of what a bank told near them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, delete, select

from chassis.unit_of_work import Transaction
from integration.receipts.by_hand_rules import BY_HAND
from integration.receipts.store import APART, IS_RECEIPT, WITHDRAWN
from integration.tables import bank_account, bank_entry, bank_line, bank_statement


def by_hand(tx: Transaction, account: str, days: Sequence[date]) -> Sequence[Row[Any]]:
    """What people entered about these days and no bank has told, locked; oldest first."""
    query = select(bank_entry).where(
        bank_entry.c.account == account,
        bank_entry.c.booked_on.between(min(days) - APART, max(days) + APART),
        bank_entry.c.format == BY_HAND,
        bank_entry.c.state != WITHDRAWN,
    )
    return tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update()).all()


def told_near(tx: Transaction, account: str, day: date) -> Sequence[Row[Any]]:
    """Money in that the bank told about these days, locked; oldest first."""
    query = select(bank_entry).where(
        bank_entry.c.account == account,
        bank_entry.c.booked_on.between(day - APART, day + APART),
        bank_entry.c.format != BY_HAND,
        IS_RECEIPT,
    )
    return tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update()).all()


def forget_hand(tx: Transaction, entry_id: str) -> None:
    """From now on the bank alone tells of it."""
    tx.execute(delete(bank_line).where(bank_line.c.entry_id == entry_id, bank_line.c.format == BY_HAND))


def is_account(tx: Transaction, account: str) -> bool:
    return tx.execute(select(bank_account.c.account).where(bank_account.c.account == account)).first() is not None


def bank_of(tx: Transaction, account: str) -> str:
    """As its statements name it; empty before the first."""
    query = select(bank_statement.c.bank).where(bank_statement.c.account == account, bank_statement.c.bank != "")
    return str(tx.execute(query.order_by(bank_statement.c.until.desc()).limit(1)).scalar() or "")


def entry_of_place(tx: Transaction, place: str) -> str:
    """Id of the one entry that a statement of this place tells."""
    query = select(bank_line.c.entry_id).join(bank_statement, bank_statement.c.id == bank_line.c.statement_id)
    return str(tx.execute(query.where(bank_statement.c.place == place)).scalar_one())
