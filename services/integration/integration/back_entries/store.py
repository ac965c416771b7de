"""SQL of back-entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import back_entry

_HOLDS = back_entry.c.state.not_in(["refused", "withdrawn"])
# First number of the two-number advisory lock: vouchers are compared and kept one after the other.
_VOUCHERS = 7_206


def lock_vouchers(tx: Transaction) -> None:
    tx.execute(select(func.pg_advisory_xact_lock(_VOUCHERS, 0)))


def add(tx: Transaction, **values: Any) -> Row[Any]:
    return tx.execute(insert(back_entry).values(**values).returning(back_entry)).one()


def of_voucher(tx: Transaction, voucher_key: str) -> Row[Any] | None:
    """The one that holds it."""
    return tx.execute(select(back_entry).where(back_entry.c.voucher_key == voucher_key, _HOLDS)).one_or_none()


def of_serial(tx: Transaction, account: str, day: date, serial_key: str) -> Row[Any] | None:
    same = (back_entry.c.account == account, back_entry.c.booked_on == day, back_entry.c.serial_key == serial_key)
    return tx.execute(select(back_entry).where(*same, _HOLDS)).one_or_none()


def locked(tx: Transaction, back_entry_id: str) -> Row[Any] | None:
    return tx.execute(select(back_entry).where(back_entry.c.id == back_entry_id).with_for_update()).one_or_none()


def load(tx: Transaction, back_entry_id: str) -> Row[Any] | None:
    return tx.execute(select(back_entry).where(back_entry.c.id == back_entry_id)).one_or_none()


def change(tx: Transaction, back_entry_id: str, **values: Any) -> Row[Any]:
    changed = update(back_entry).where(back_entry.c.id == back_entry_id).values(**values)
    return tx.execute(changed.returning(back_entry)).one()


def of_receipts(tx: Transaction, receipt_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Posted ones that the bank had not told of, locked."""
    query = select(back_entry).where(
        back_entry.c.receipt_id.in_(list(receipt_ids)), back_entry.c.confirmed_at.is_(None), _HOLDS
    )
    return tx.execute(query.order_by(back_entry.c.id).with_for_update()).all()


def linked_receipts(tx: Transaction, receipt_ids: Sequence[str]) -> set[str]:
    """Which of these a back-entry already stands for."""
    query = select(back_entry.c.receipt_id).where(back_entry.c.receipt_id.in_(list(receipt_ids)), _HOLDS)
    return {str(each) for each in tx.execute(query).scalars()}


def page(tx: Transaction, asked: Page, states: Sequence[str], *, unconfirmed_only: bool) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(back_entry).order_by(back_entry.c.id.desc()).limit(asked.limit)
    if states:
        query = query.where(back_entry.c.state.in_(states))
    if unconfirmed_only:
        query = query.where(back_entry.c.state == "posted", back_entry.c.confirmed_at.is_(None))
    if asked.after:
        query = query.where(back_entry.c.id < asked.after["id"])
    return tx.execute(query).all()
