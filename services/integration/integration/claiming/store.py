"""SQL of claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update

from chassis.unit_of_work import Transaction
from integration.tables import bank_entry, claim


def add(tx: Transaction, **values: Any) -> None:
    tx.execute(insert(claim).values(**values))


def claim_of(tx: Transaction, claim_id: str) -> Row[Any] | None:
    return tx.execute(select(claim).where(claim.c.id == claim_id)).one_or_none()


def standing(tx: Transaction, receipt_id: str) -> Sequence[Row[Any]]:
    """Claims on a receipt that were not taken back."""
    query = select(claim).where(claim.c.receipt_id == receipt_id, claim.c.undone_at.is_(None))
    return tx.execute(query.order_by(claim.c.id).with_for_update()).all()


def of_receipt(tx: Transaction, receipt_id: str) -> Sequence[Row[Any]]:
    """Undone ones too, in their order."""
    return tx.execute(select(claim).where(claim.c.receipt_id == receipt_id).order_by(claim.c.id)).all()


def undo(tx: Transaction, claim_id: str, by: str, reason: str) -> bool:
    """False when it was undone before."""
    undone = update(claim).where(claim.c.id == claim_id, claim.c.undone_at.is_(None))
    return tx.execute(undone.values(undone_at=tx.now, undone_by=by, undo_reason=reason)).rowcount > 0


def automatic_fen(tx: Transaction, days: tuple[date, date], methods: Sequence[str]) -> int:
    """Claimed without a person, of money booked on these days."""
    booked = and_(bank_entry.c.booked_on >= days[0], bank_entry.c.booked_on < days[1])
    query = (
        select(func.coalesce(func.sum(claim.c.amount_fen), 0))
        .join(bank_entry, bank_entry.c.id == claim.c.receipt_id)
        .where(booked, claim.c.undone_at.is_(None), claim.c.method.in_(methods))
    )
    return int(tx.execute(query).scalar_one())
