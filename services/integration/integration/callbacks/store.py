"""SQL of callbacks: what was seen before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.tables import callback_nonce


def is_new_nonce(tx: Transaction, source: str, nonce: str, seen_at: datetime) -> bool:
    """A twin that arrives at the same moment waits for the first one's transaction."""
    row = insert(callback_nonce).values(source=source, nonce=nonce, seen_at=seen_at).on_conflict_do_nothing()
    return tx.execute(row.returning(callback_nonce.c.nonce)).first() is not None


def forget_nonces(tx: Transaction, before: datetime) -> int:
    return tx.execute(delete(callback_nonce).where(callback_nonce.c.seen_at < before)).rowcount
