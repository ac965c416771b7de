"""SQL of the chain of an account's statements: how far it is proved, and what stands behind that (N2.2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, and_, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.unit_of_work import Transaction
from integration.receipts.rules import Booked
from integration.tables import bank_chain, bank_line, bank_statement

# Formats whose numbers begin anew each year, and at which multiple a year begins.
RESTARTS = {"mt940": 100_000}


def lock_chain(tx: Transaction, account: str, format_: str) -> int:
    """Up to which statement it is proved. The account is locked before."""
    tx.execute(upsert(bank_chain).values(account=account, format=format_).on_conflict_do_nothing())
    query = select(bank_chain.c.proved_sequence).where(bank_chain.c.account == account, bank_chain.c.format == format_)
    return int(tx.execute(query).scalar_one())


def chains(tx: Transaction, account: str) -> dict[str, int]:
    """Proved sequences by format."""
    query = select(bank_chain.c.format, bank_chain.c.proved_sequence).where(bank_chain.c.account == account)
    return {row.format: row.proved_sequence for row in tx.execute(query.order_by(bank_chain.c.format))}


def keep_chain(tx: Transaction, account: str, format_: str, proved_sequence: int) -> None:
    kept = update(bank_chain).where(bank_chain.c.account == account, bank_chain.c.format == format_)
    tx.execute(kept.values(proved_sequence=proved_sequence))


def number_of(tx: Transaction, account: str, format_: str, proved: int) -> int:
    """By which the source is asked what follows the proved statements; 0 when it never sent one."""
    query = select(func.coalesce(func.max(bank_statement.c.source_number), 0)).where(
        bank_statement.c.account == account,
        bank_statement.c.format == format_,
        bank_statement.c.sequence <= proved,
        bank_statement.c.chained,
    )
    return int(tx.execute(query).scalar_one())


def holds_beyond(tx: Transaction, account: str, format_: str, proved: int) -> bool:
    """Statements that wait behind a hole."""
    later = exists().where(
        bank_statement.c.account == account,
        bank_statement.c.format == format_,
        bank_statement.c.sequence > proved,
        bank_statement.c.chained,
    )
    return bool(tx.execute(select(later)).scalar_one())


def _nested(tx: Transaction, account: str, format_: str, since: int) -> list[str]:
    """Ids of unnumbered statements of which a later one, from `since` on, tells all: they chain nothing.

    None while the proved one is among them and others stand before it: the next must follow it.
    """
    inner, outer = bank_statement.alias("inner"), bank_statement.alias("outer")
    line, again = bank_line, bank_line.alias("again")
    # Correlated by name: SQLAlchemy looks one level up by itself, not two.
    same = (again.c.statement_id == outer.c.id, again.c.booked_on == line.c.booked_on, again.c.serial == line.c.serial)
    told_again = exists().where(*same).correlate(outer, line)
    left_over = exists().where(line.c.statement_id == inner.c.id, ~told_again).correlate(inner, outer)
    later = (outer.c.sequence >= since, outer.c.sequence > inner.c.sequence)
    same_chain = (outer.c.account == account, outer.c.format == format_, outer.c.chained)
    covers = exists().where(*same_chain, *later, ~left_over).correlate(inner)
    unnumbered = (
        inner.c.account == account,
        inner.c.format == format_,
        inner.c.chained,
        inner.c.first_sequence.is_(None),
    )
    tells = exists().where(line.c.statement_id == inner.c.id).correlate(inner)
    found = {row.id: row.sequence for row in tx.execute(select(inner).where(*unnumbered, tells, covers))}
    if since not in found.values():
        return sorted(found)
    before = select(inner.c.id).where(*unnumbered, inner.c.sequence < since, inner.c.id.not_in(list(found)))
    return [] if tx.execute(before.limit(1)).first() else sorted(found)


def booked(tx: Transaction, account: str, format_: str, since: int) -> list[Booked]:
    """Statements from `since` on in order, with the sum of their entries; none is looked for before the first."""
    nested = _nested(tx, account, format_, since)
    table, line, other = bank_statement, bank_line, bank_line.alias("other")
    earlier = bank_statement.alias("earlier")
    told_before = (
        exists()
        .where(other.c.account == line.c.account, other.c.format == line.c.format)
        .where(other.c.booked_on == line.c.booked_on, other.c.serial == line.c.serial)
        .where(other.c.statement_id == earlier.c.id, earlier.c.sequence < table.c.sequence)
        .where(earlier.c.id.not_in(nested))
    )
    repeated = case((and_(table.c.sequence > since, told_before), line.c.signed_fen), else_=0)
    query = (
        select(
            table,
            func.coalesce(func.sum(line.c.signed_fen), 0).label("entries_fen"),
            func.coalesce(func.sum(repeated), 0).label("repeated_fen"),
        )
        .outerjoin(line, line.c.statement_id == table.c.id)
        .where(table.c.account == account, table.c.format == format_, table.c.sequence >= since, table.c.chained)
        .where(table.c.id.not_in(nested))
        .group_by(table.c.id)
        .order_by(table.c.sequence)
    )
    return [_booked(row) for row in tx.execute(query)]


def _booked(row: Row[Any]) -> Booked:
    return Booked(
        sequence=row.sequence,
        opening_fen=row.opening_fen,
        closing_fen=row.closing_fen,
        entries_fen=int(row.entries_fen),
        until=row.until,
        first_sequence=row.first_sequence,
        numbered=row.first_sequence is not None,
        repeated_fen=int(row.repeated_fen),
        restarts=RESTARTS.get(row.format, 0),
    )
