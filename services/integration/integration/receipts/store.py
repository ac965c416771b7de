"""SQL of bank accounts, statements and entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.receipts.rules import Balance, Booked, Entry, Statement
from integration.tables import bank_account, bank_entry, bank_statement

ENTRY_COLUMNS = tuple(bank_entry.c[name] for name in Entry.__dataclass_fields__)
_SIGNED = case((bank_entry.c.credit, bank_entry.c.amount_fen), else_=-bank_entry.c.amount_fen)


# -- accounts and statements ---------------------------------------------------------------------------------------


def lock_account(tx: Transaction, account: str) -> Row[Any]:
    """One statement of an account at a time."""
    tx.execute(upsert(bank_account).values(account=account).on_conflict_do_nothing())
    return tx.execute(select(bank_account).where(bank_account.c.account == account).with_for_update()).one()


def accounts(tx: Transaction) -> Sequence[Row[Any]]:
    return tx.execute(select(bank_account).order_by(bank_account.c.account).with_for_update()).all()


def keep_account(tx: Transaction, account: str, **values: Any) -> None:
    tx.execute(update(bank_account).where(bank_account.c.account == account).values(**values))


def keep_balance(tx: Transaction, account: str, balance: Balance) -> None:
    keep_account(tx, account, balance_fen=balance.fen, balance_at=balance.at)


def save_statement(tx: Transaction, statement: Statement, *, place: str, sha256: str, run_id: str) -> str:
    """The statement's id. One that comes again replaces what it said of itself, not where it first came from."""
    fresh = upsert(bank_statement).values(id=new_id(), **asdict(statement), place=place, sha256=sha256, run_id=run_id)
    again = {name: fresh.excluded[name] for name in asdict(statement)}
    saved = fresh.on_conflict_do_update(
        index_elements=[bank_statement.c.account, bank_statement.c.sequence], set_=again
    )
    return str(tx.execute(saved.returning(bank_statement.c.id)).scalar_one())


def booked(tx: Transaction, account: str, since: int) -> list[Booked]:
    """Statements from `since` on with the sum of their entries, in order."""
    entries = func.coalesce(func.sum(_SIGNED), 0)
    query = (
        select(
            bank_statement.c.sequence,
            bank_statement.c.opening_fen,
            bank_statement.c.closing_fen,
            entries.label("entries_fen"),
            bank_statement.c.until,
        )
        .outerjoin(bank_entry, bank_entry.c.statement_id == bank_statement.c.id)
        .where(bank_statement.c.account == account, bank_statement.c.sequence >= since)
        .group_by(bank_statement.c.id)
        .order_by(bank_statement.c.sequence)
    )
    return [
        Booked(row.sequence, row.opening_fen, row.closing_fen, int(row.entries_fen), row.until)
        for row in tx.execute(query)
    ]


# -- entries -------------------------------------------------------------------------------------------------------


def known_entries(
    tx: Transaction, statement: Statement, keys: Iterable[tuple[date, str]]
) -> dict[tuple[date, str], Row[Any]]:
    wanted = tuple_(bank_entry.c.booked_on, bank_entry.c.serial).in_(sorted(keys))
    query = select(bank_entry).where(
        bank_entry.c.bank == statement.bank, bank_entry.c.account == statement.account, wanted
    )
    # In the order in which waiting receipts are locked, so that the two never wait for each other.
    found = tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update())
    return {(row.booked_on, row.serial): row for row in found}


def entry_of(row: Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})


def add_entries(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        tx.execute(insert(bank_entry), rows)


def change_entry(tx: Transaction, entry_id: str, values: dict[str, Any]) -> None:
    changed = update(bank_entry).where(bank_entry.c.id == entry_id)
    tx.execute(changed.values(**values, version=bank_entry.c.version + 1))


# -- receipts ------------------------------------------------------------------------------------------------------


def locked_receipt(tx: Transaction, receipt_id: str) -> Row[Any] | None:
    query = select(bank_entry).where(bank_entry.c.id == receipt_id, bank_entry.c.credit)
    return tx.execute(query.with_for_update()).one_or_none()


def locked_entry(tx: Transaction, entry_id: str) -> Row[Any]:
    """Money in or out."""
    return tx.execute(select(bank_entry).where(bank_entry.c.id == entry_id).with_for_update()).one()


def receipt(tx: Transaction, receipt_id: str) -> Row[Any] | None:
    return tx.execute(select(bank_entry).where(bank_entry.c.id == receipt_id, bank_entry.c.credit)).one_or_none()


def waiting(tx: Transaction, limit: int, after: tuple[date, str] | None = None) -> Sequence[Row[Any]]:
    """Receipts that rules may still claim, oldest first, locked."""
    unclaimed = bank_entry.c.state.in_(("waiting", "partly_claimed"))
    query = select(bank_entry).where(unclaimed, ~bank_entry.c.left_to_people)
    if after is not None:
        query = query.where(tuple_(bank_entry.c.booked_on, bank_entry.c.id) > after)
    return tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).limit(limit).with_for_update()).all()


def explain(tx: Transaction, receipt_id: str, en: str, zh: str) -> None:
    tx.execute(update(bank_entry).where(bank_entry.c.id == receipt_id).values(reason=en, reason_zh=zh))


def leave_to_people(tx: Transaction, receipt_id: str) -> None:
    tx.execute(update(bank_entry).where(bank_entry.c.id == receipt_id).values(left_to_people=True))


def set_claimed(tx: Transaction, receipt_id: str, claimed_fen: int, state: str) -> None:
    changed = update(bank_entry).where(bank_entry.c.id == receipt_id)
    tx.execute(changed.values(claimed_fen=claimed_fen, state=state))


def receipts(
    tx: Transaction, page: Page, *, states: Sequence[str], days: tuple[date, date] | None, text: str
) -> Sequence[Row[Any]]:
    """Latest booked first. `days`: from the first up to but not including the second."""
    query = select(bank_entry).where(bank_entry.c.credit)
    if states:
        query = query.where(bank_entry.c.state.in_(states))
    if days:
        query = query.where(bank_entry.c.booked_on >= days[0], bank_entry.c.booked_on < days[1])
    if text:
        fields = (bank_entry.c.payer_name, bank_entry.c.remark, bank_entry.c.serial, bank_entry.c.end_to_end_id)
        query = query.where(or_(*(each.contains(text, autoescape=True) for each in fields)))
    if page.after:
        last = (date.fromisoformat(page.after["on"]), page.after["id"])
        query = query.where(tuple_(bank_entry.c.booked_on, bank_entry.c.id) < last)
    ordered = query.order_by(bank_entry.c.booked_on.desc(), bank_entry.c.id.desc())
    return tx.execute(ordered.limit(page.limit)).all()


def sums(tx: Transaction, days: tuple[date, date]) -> Row[Any]:
    """Money in of these days: arrived, claimed, and how many receipts wait."""
    unclaimed = bank_entry.c.state != "claimed"
    query = select(
        func.coalesce(func.sum(bank_entry.c.amount_fen), 0).label("arrived"),
        func.coalesce(func.sum(bank_entry.c.claimed_fen), 0).label("claimed"),
        func.count().label("receipts"),
        func.count().filter(unclaimed).label("waiting"),
    ).where(and_(bank_entry.c.credit, bank_entry.c.booked_on >= days[0], bank_entry.c.booked_on < days[1]))
    return tx.execute(query).one()


def last_statement_until(tx: Transaction) -> datetime | None:
    found: datetime | None = tx.execute(select(func.max(bank_statement.c.until))).scalar()
    return found
